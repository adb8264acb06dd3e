// A forked child: does what it is asked, and tells what it sees of itself.
const net = require('node:net');

const listeners = () => process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
const [, , task, ...rest] = process.argv;
const tasks = {
  look() {
    process.send({
      argv: rest,
      execArgv: process.execArgv.filter((argument) => !/[\\/](?:register|nothing)\.(?:c?js)$/.test(argument)),
      connected: process.connected,
      channel: typeof process.channel,
      own: process.env.OWN,
      names: Object.keys(process.env).filter((name) => !name.startsWith('OSTRACE_')),
      file: process.argv[1].replace(/.*[\\/]/, ''),
      main: require.main === module,
      listeners: listeners().filter((line) => !line.startsWith('SIG')),
    });
    process.disconnect();
  },
  signals() {
    process.send(listeners());
    process.disconnect();
  },
  echo() {
    process.on('message', (message) => {
      if (message === 'end') process.disconnect();
      else process.send(message);
    });
  },
  serve() {
    process.on('message', (message, handle) => {
      if (message === 'end') process.disconnect();
      else if (handle instanceof net.Server)
        handle.on('connection', (socket) => socket.end('from the server'));
      else handle.end('from the socket');
      if (handle) process.send(handle.constructor.name);
      process.once('disconnect', () => handle?.close?.());
    });
  },
  exit: () => process.exit(Number(rest[0])),
  throw() {
    throw new RangeError('in the child');
  },
  wait: () => setInterval(() => {}, 1000),
};
tasks[task]();
