// What cases of threads share.

/** What happens to a thread, by event, until it is gone: messages and the rest come by ports of their own. */
exports.watch = (worker) =>
  new Promise((resolve) => {
    const log = { online: 0, message: [], messageerror: [], error: [] };
    worker.on('online', () => log.online++);
    for (const event of ['message', 'messageerror', 'error'])
      worker.on(event, (value) => log[event].push(value));
    worker.on('exit', (...args) => resolve({ ...log, exit: args, after: worker.threadId }));
  });

/** The value that a call threw. */
exports.thrown = (body) => {
  try {
    return ['returned', body()];
  } catch (error) {
    return error;
  }
};

/** All properties of an object as they are declared, by their names; `emit` is the agent's to add. */
exports.declared = (object) =>
  Reflect.ownKeys(object)
    .filter((name) => name !== 'emit')
    .map((name) => {
      const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, name);
      const kind = get || set ? `${get?.name}/${set?.name}` : typeof value;
      return [String(name), kind, typeof value === 'function' ? value : undefined, flags];
    });

/** How many listeners an emitter has for each of its events. */
exports.listeners = (emitter) =>
  emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]);

/** An object and all below it, frozen. */
exports.frozen = (value) => {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    Object.values(value).forEach(exports.frozen);
  return Object.freeze(value);
};
