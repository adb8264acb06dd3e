// What cases of child processes share.
const { listeners } = require('./threads.cjs');

/** The shape of what a child gives; its numbers of its own are left out. */
exports.shape = (child) => [
  typeof child.pid,
  child.spawnfile,
  // A forked node is told of the preload, which is another one in each variant.
  child.spawnargs?.map((argument) => argument.replace(/.*[\\/](?:register\.js|nothing\.cjs)$/, 'preload')),
  child.connected,
  child.killed,
  child.exitCode,
  child.signalCode,
  child.stdio?.map((stream) => stream && [stream.constructor.name, stream.readable, stream.writable]),
  child.channel === undefined ? 'no channel' : typeof child.channel,
];

/** What happens to a child until it is closed: its events in order, what it wrote, and what is left. */
exports.follow = (child, input) =>
  new Promise((resolve) => {
    const events = [];
    const text = { out: '', err: '' };
    for (const event of ['spawn', 'error', 'exit'])
      child.on(event, (...args) => events.push([event, ...args]));
    // Before or after the exit: that is a race.
    let disconnects = 0;
    child.on('disconnect', () => disconnects++);
    child.stdout?.setEncoding('utf8').on('data', (chunk) => (text.out += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk) => (text.err += chunk));
    child.stdin?.on('error', () => {});
    if (input !== undefined) child.stdin.end(input);
    child.on('close', (...args) =>
      // Later: an error that comes after it belongs to it as well.
      setImmediate(() =>
        resolve({
          events: [...events, ['close', ...args]],
          disconnects,
          ...text,
          after: exports.shape(child),
          left: listeners(child),
        }),
      ),
    );
  });

/** An error without the frames that a race decides: which of a child's pipes, or its exit, comes last. */
exports.steady = (error) => {
  if (error instanceof Error) error.stack = error.stack.replace(/(at maybeClose .*)[^]*/, '$1');
  return error;
};

/** What a call gave or threw, synchronously. */
exports.outcome = (body) => {
  try {
    const { pid, ...rest } = Object(body());
    return { ...rest, pid: typeof pid };
  } catch (error) {
    if (typeof error?.pid === 'number') error.pid = 0;
    return error;
  }
};

// The context of a trace, which a traced command gets into its environment, and where its traces go.
const ours = new Set(['OSTRACE_TRACE_INFO', 'OSTRACE_TRACE_HMAC', 'OSTRACE_CONNECTION_STRING']);

/** The lines of an environment, in order, without what the agent adds and what it is set to. */
exports.environment = (text) =>
  text.split('\n').filter((line) => {
    const [name, value] = line.split(/=(.*)/s);
    const isSetting = name.startsWith('OSTRACE_') || name === 'PARITY_VARIANT';
    return line !== '' && !ours.has(name) && !(isSetting && process.env[name] === value);
  });
