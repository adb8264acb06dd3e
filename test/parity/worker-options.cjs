const {
  Worker,
  SHARE_ENV,
  MessageChannel,
  setEnvironmentData,
  getEnvironmentData,
} = require('node:worker_threads');
const { once } = require('node:events');
const { isDeepStrictEqual } = require('node:util');
const { listeners, watch } = require('./parts/threads.cjs');

exports.title = 'worker_threads: the options of a thread';
exports.points = ['thread', 'thread_main'];

const say = `require('node:worker_threads').parentPort.postMessage`;
const start = (code, options) => watch(new Worker(code, { eval: true, ...options }));

/** Starts threads at once, and looks at each. */
async function each(seen, threads) {
  const logs = await Promise.all(Object.values(threads).map(([code, options]) => start(code, options)));
  for (const [i, name] of Object.keys(threads).entries()) seen(name, logs[i]);
}

/** All that a stream gives. */
async function text(stream) {
  let all = '';
  for await (const chunk of stream.setEncoding('utf8')) all += chunk;
  return all;
}

const names = `Object.keys(process.env).sort().filter((name) => !name.startsWith('OSTRACE_'))`;

exports.cases = {
  environments: async (seen) => {
    process.env.PARITY_SHARED = 'of the process';
    const shown = `${say}([process.env.PARITY_SHARED, process.env.OWN, process.env.UNSET, process.env.OSTRACE_ENABLED === undefined, ${names}])`;
    await each(seen, {
      inherited: [shown, {}],
      null: [shown, { env: null }],
      empty: [shown, { env: {} }],
      own: [shown, { env: Object.assign(Object.create({ INHERITED: 1 }), { OWN: 1, UNSET: undefined }) }],
      changed: [`process.env.PARITY_SHARED = 'changed'; delete process.env.PATH; ${shown}`, {}],
    });
    seen('of the process', [process.env.PARITY_SHARED, 'PATH' in process.env]);
    const sharing = `process.env.PARITY_SHARED = 'of the thread'; process.env.PARITY_NEW = 1; ${shown}`;
    seen('shared', await start(sharing, { env: SHARE_ENV }));
    seen('of the process, shared', [process.env.PARITY_SHARED, process.env.PARITY_NEW]);
    seen(
      'names',
      Object.keys(process.env)
        .filter((name) => !name.startsWith('OSTRACE_'))
        .toSorted((a, b) => a.localeCompare(b)),
    );
    delete process.env.PARITY_SHARED;
    delete process.env.PARITY_NEW;
  },

  arguments: async (seen) => {
    const shown = `${say}([[...process.argv.slice(1)], process.execArgv, process.argv0 === 'node', process.title])`;
    const inherited = await start(shown, {});
    seen('inherited', [inherited.message[0].toSpliced(1, 1), inherited.exit]);
    seen('as they were', isDeepStrictEqual(inherited.message[0][1], process.execArgv));
    const missing = await start('0', { execArgv: ['--require', './no-such-file.cjs'] });
    seen('a preload that is missing', [missing.error[0].message, missing.error[0].code, missing.exit]);
    await each(seen, {
      argv: [shown, { argv: ['a', 5, null, undefined, { toString: () => 'object' }], execArgv: [] }],
      'execArgv, own': [shown, { execArgv: ['--no-warnings', '--conditions', 'own'] }],
      'execArgv, a preload': [
        `${say}(globalThis.preloaded)`,
        { execArgv: ['--require', `${__dirname}/parts/preloaded.cjs`] },
      ],
      'no warnings': ['process.emitWarning("not shown")', { execArgv: ['--no-warnings'], env: {} }],
      NODE_OPTIONS: [
        `${say}([process.execArgv.length, process.noDeprecation, process.env])`,
        { env: { NODE_OPTIONS: '--no-deprecation' } },
      ],
    });
  },

  'arguments that were changed meanwhile': async (seen) => {
    const given = [...process.execArgv];
    process.execArgv = ['--no-such-flag'];
    seen('replaced', (await start(`${say}(process.execArgv.length)`, {})).message[0] === given.length);
    process.execArgv = given;
  },

  streams: async (seen) => {
    const worker = new Worker(
      `process.stdin.setEncoding('utf8').on('data', (text) => process.stdout.write('in: ' + text));
       process.stdin.on('end', () => console.error('end'));
       ${say}([process.stdin.constructor.name, process.stdout.isTTY, process.stdout.fd, process.stdout._events && 1])`,
      { eval: true, stdin: true, stdout: true, stderr: true },
    );
    seen(
      'classes',
      [worker.stdin, worker.stdout, worker.stderr].map((stream) => [
        stream.constructor.name,
        listeners(stream),
        stream.readable,
        stream.writable,
      ]),
    );
    worker.stdin.write('one ');
    worker.stdin.end('two');
    const [log, stdout, stderr] = await Promise.all([
      watch(worker),
      text(worker.stdout),
      text(worker.stderr),
    ]);
    seen('log', log);
    seen('text', [stdout, stderr]);
    const plain = new Worker('process.stdout.write("to the process"); console.error("error")', {
      eval: true,
    });
    seen('without', [plain.stdin, plain.stdout.readableFlowing, plain.stderr.readableFlowing]);
    seen('log', await watch(plain));
    seen('counts', [listeners(process.stdout), listeners(process.stderr)]);
  },

  'data that is handed over': async (seen) => {
    const { port1, port2 } = new MessageChannel();
    const buffer = new ArrayBuffer(8);
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const cyclic = {
      name: 'cyclic',
      when: new Date(0),
      map: new Map([[1, new Set('a')]]),
      error: new TypeError('data'),
    };
    cyclic.self = cyclic;
    const workerData = { port2, buffer, shared, cyclic };
    const worker = new Worker(
      `const { workerData: { port2, buffer, shared, cyclic }, parentPort } = require('node:worker_threads');
       Atomics.store(shared, 0, buffer.byteLength);
       port2.on('message', (message) => { port2.postMessage([message, cyclic.self === cyclic]); port2.close(); });
       parentPort.postMessage(cyclic);`,
      { eval: true, workerData, transferList: [port2, buffer] },
    );
    const done = watch(worker);
    seen('detached', [buffer.byteLength, Object.keys(workerData)]);
    port1.postMessage('hello');
    seen('by the port', await once(port1, 'message'));
    const log = await done;
    seen('log', log);
    seen('shared', shared[0]);
    port1.close();
    const twice = { eval: true, workerData: { buffer: new ArrayBuffer(1) } };
    seen('not transferred', [await start('0', twice), twice.workerData.buffer.byteLength]);
  },

  limits: async (seen) => {
    const resourceLimits = {
      maxYoungGenerationSizeMb: 8,
      maxOldGenerationSizeMb: 64,
      codeRangeSizeMb: 16,
      stackSizeMb: 2,
    };
    const given = JSON.stringify(resourceLimits);
    const worker = new Worker(
      `${say}(require('node:worker_threads').resourceLimits); setTimeout(() => {}, 30)`,
      {
        eval: true,
        resourceLimits,
      },
    );
    await once(worker, 'online');
    seen('outside', worker.resourceLimits);
    seen('log', await watch(worker));
    seen('unchanged', JSON.stringify(resourceLimits) === given);
    const greedy = 'const all = []; for (;;) all.push(new Array(10_000).fill(Math.random()))';
    await each(seen, {
      'out of memory': [greedy, { resourceLimits: { maxOldGenerationSizeMb: 30 } }],
      'out of stack': [
        `let depth = 0; const dive = () => { depth++; dive(); };
         try { dive(); } catch (error) { ${say}([error.constructor.name, error.message, depth > 100, depth < 100_000]); }`,
        { resourceLimits: { stackSizeMb: 1 } },
      ],
    });
  },

  names: async (seen) => {
    const shown = `const { threadName } = require('node:worker_threads'); ${say}([threadName, process.title])`;
    const named = new Worker(shown, { eval: true, name: ' my thread ' });
    seen('outside', named.threadName);
    seen('named', await watch(named));
    seen('unnamed', await start(shown, {}));
  },

  'descriptors that a thread leaves open': async (seen) => {
    const leak = `const fd = require('node:fs').openSync(${JSON.stringify(__filename)}); ${say}(fd > 2)`;
    const warnings = [];
    const onWarning = ({ message }) => warnings.push(message.replaceAll(/\d+/g, '0'));
    process.on('warning', onWarning);
    await each(seen, {
      tracked: [leak, { trackUnmanagedFds: true }],
      untracked: [leak, { trackUnmanagedFds: false }],
    });
    process.off('warning', onWarning);
    seen('warnings of the process', warnings);
  },

  'environment data': async (seen) => {
    const { Worker: _class, ...plain } = { a: 1 };
    setEnvironmentData('own', plain);
    setEnvironmentData('ostrace', 'the application’s');
    setEnvironmentData(5, new Map([['a', 1]]));
    const keys = `['own', 'ostrace', 5, 'ostrace:handover', 'none'].map((key) => getEnvironmentData(key))`;
    const code = `const { getEnvironmentData, setEnvironmentData, Worker } = require('node:worker_threads');
      ${say}(${keys}); setEnvironmentData('own', 'of the thread');`;
    seen('in the thread', await start(code, {}));
    seen(
      'in a thread of it',
      await start(
        `${code} new Worker(${JSON.stringify(`const { getEnvironmentData } = require('node:worker_threads'); console.log(JSON.stringify(${keys}))`)}, { eval: true })`,
        {},
      ),
    );
    seen('here', [
      getEnvironmentData('own'),
      getEnvironmentData('ostrace'),
      getEnvironmentData('ostrace:handover'),
    ]);
    for (const key of ['own', 'ostrace', 5]) setEnvironmentData(key, undefined);
    seen(
      'nothing any more',
      await start(`const { getEnvironmentData } = require('node:worker_threads'); ${say}(${keys})`, {}),
    );
  },
};
