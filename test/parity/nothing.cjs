// Preloaded in the agent's place, so that both kinds of run are started alike.
void 0;
