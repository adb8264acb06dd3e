// Commands and threads that are ended by their caller, and those that end in other ways.
const { profiler } = require('ostrace');

module.exports = async function ending({ childProcess: { exec, execSync, fork, spawn }, Worker }) {
  const gone = (emitter, event = 'close') =>
    new Promise((resolve) => emitter.on('error', () => {}).on(event, resolve));
  /** Tells a command something as soon as it runs. */
  const running = async (child, then) => {
    child.stdout.once('data', () => then(child));
    await gone(child);
  };
  const patient = ['sh', ['-c', 'echo on; exec sleep 10']];
  const busy = 'require("node:worker_threads").parentPort.postMessage(""); setInterval(() => {}, 1000)';
  const thread = async (code, then = () => {}) => {
    const worker = new Worker(code, { eval: true });
    worker.once('message', () => then(worker));
    await gone(worker, 'exit');
  };
  const ways = {
    'spawn: killed': () => running(spawn(...patient), (child) => child.kill()),
    'spawn: killed by a number': () => running(spawn(...patient), (child) => child.kill(9)),
    'spawn: killed, exits by itself': () =>
      running(spawn('sh', ['-c', 'trap "exit 3" TERM; echo on; while :; do sleep 0.05; done']), (child) =>
        child.kill(),
      ),
    'spawn: disposed':
      Symbol.dispose && (() => running(spawn(...patient), (child) => child[Symbol.dispose]())),
    'spawn: signal': () => {
      const controller = new AbortController();
      return running(spawn(...patient, { signal: controller.signal }), () => controller.abort());
    },
    'exec: killed': () => running(exec('echo on; exec sleep 10'), (child) => child.kill()),
    'exec: signal': () => {
      const controller = new AbortController();
      return running(
        exec('echo on; exec sleep 10', { signal: controller.signal }, () => {}),
        () => controller.abort(),
      );
    },
    'fork: killed': () => running(fork(__filename, ['child'], { silent: true }), (child) => child.kill()),
    'thread: terminated': () => thread(busy, (worker) => worker.terminate()),
    'spawn: asked whether it lives': () =>
      running(spawn('sh', ['-c', 'echo on; sleep 0.1; exit 3']), (child) => child.kill(0)),
    'spawn: another signal': () =>
      running(spawn('sh', ['-c', 'trap : USR1; echo on; sleep 0.1; exit 3']), (child) =>
        child.kill('SIGUSR1'),
      ),
    'spawn: timeout': () => gone(spawn(...patient, { timeout: 50 })),
    'spawn: timeout signal': () => gone(spawn(...patient, { signal: AbortSignal.timeout(50) })),
    'spawn: by others': () => gone(spawn('sh', ['-c', 'kill -9 $$'])),
    'exec: timeout': () => gone(exec('exec sleep 10', { timeout: 50 }, () => {})),
    'exec: too much output': () => gone(exec('echo much; exec sleep 10', { maxBuffer: 3 }, () => {})),
    'execSync: timeout': () => execSync('exec sleep 10', { timeout: 50 }),
    'thread: exits': () => thread('process.exit(7)'),
    'thread: throws': () => thread('throw new RangeError("mine")'),
  };
  for (const [name, way] of Object.entries(ways)) {
    if (way === undefined) continue;
    await profiler.trace(name, async () => {
      try {
        await way();
      } catch {
        // what it gives is the parity suite's to ask
      }
    });
  }
  console.log('done');
};

if (require.main === module) {
  if (process.argv[2] === 'child') {
    console.log('on');
    setInterval(() => {}, 1000);
  } else {
    module.exports({
      childProcess: require('node:child_process'),
      Worker: require('node:worker_threads').Worker,
    });
  }
}
