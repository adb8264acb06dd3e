// Does traced work and ends in the way that it is told.
const { profiler } = require('ostrace');

const ways = {
  end: () => {},
  'exit code': () => (process.exitCode = 3),
  exit: () => process.exit(4),
  'exit in a timer': () => setTimeout(() => process.exit(5), 5),
  throw: () => {
    throw new RangeError('thrown');
  },
  rejection: () => void Promise.reject(new RangeError('rejected')),
  signal: () => {
    setInterval(() => {}, 1000);
    console.log('ready');
  },
  'signal, handled': () => {
    const timer = setInterval(() => {}, 1000);
    process.once('SIGTERM', () => {
      profiler.trace('shutdown', () => {});
      clearInterval(timer);
      process.exitCode = 6;
    });
    console.log('ready');
  },
  'signal, ignored once': () => {
    let count = 0;
    process.on('SIGINT', () => {
      console.log(`caught ${++count}`);
      if (count === 2) process.exit(7);
    });
    setInterval(() => {}, 1000);
    console.log('ready');
  },
  // Nothing of what stands behind it runs.
  'kill SIGTERM': () => console.log(process.kill(process.pid, 'SIGTERM')),
  'kill SIGINT': () => console.log(process.kill(process.pid, 2)),
  'kill, by default': () => console.log(process.kill(process.pid)),
  'kill, while it is handled': () => {
    const timer = setInterval(() => {}, 1000);
    process.once('SIGTERM', () => {
      clearInterval(timer);
      console.log('handled');
    });
    process.kill(process.pid, 'SIGTERM');
    console.log('goes on');
  },
  'kill SIGHUP': () => console.log(process.kill(process.pid, 'SIGHUP')),
  'kill SIGKILL': () => console.log(process.kill(process.pid, 'SIGKILL')),
  'no signal': () => console.log(process.kill(process.pid, 0)),
  reallyExit: () => process.reallyExit(8),
  abort: () => process.abort(),
  execve: () => process.execve(process.execPath, [process.execPath, '-e', 'process.exit(9)'], {}),
  // Put in front, and careful not to be in the way of others.
  'signal, raised again': () => {
    const listener = (signal) => {
      process.removeListener(signal, listener);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    process.prependListener('SIGTERM', listener);
    setInterval(() => {}, 1000);
    console.log('ready');
  },
  // Late, so that the timer in which a signal comes is followed at once by the one that ends the last trace.
  'signal, as the last trace ends': () => {
    const busy = (ms) => {
      const end = Date.now() + ms;
      while (Date.now() < end);
    };
    setInterval(() => {}, 1000);
    profiler.init('key');
    profiler.trace('last', () => {});
    profiler.clean();
    setTimeout(() => busy(600), 600);
    setTimeout(() => {
      console.log('ready');
      busy(1000);
    }, 950);
  },
  'many listeners': () => {
    for (let i = 0; i < 10; i++) {
      process.on('exit', () => profiler.trace('leaving', () => {}));
      process.on('SIGTERM', () => {});
    }
    console.log(process.listenerCount('exit'), process.listenerCount('SIGTERM'));
  },
  hang: () => {
    setTimeout(() => {
      console.log('ready');
      for (;;);
    }, 100);
  },
};
const [way, count = '1', size = '0'] = process.argv.slice(2);
const text = 'x'.repeat(Number(size));
for (let i = 0; i < Number(count); i++) profiler.trace('work', { i, text }, () => {});
ways[way]();
