// A thread with nothing to do.
module.exports = {};
