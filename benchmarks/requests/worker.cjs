// A thread with nothing to do.
