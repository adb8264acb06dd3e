const { once } = require('node:events');
const {
  BroadcastChannel,
  MessageChannel,
  Worker,
  receiveMessageOnPort,
  moveMessagePortToContext,
} = require('node:worker_threads');
const { open } = require('node:fs/promises');
const { createContext } = require('node:vm');
const { listeners, thrown, watch } = require('./parts/threads.cjs');

exports.title = 'worker_threads: messages, errors and the end of a thread';
exports.points = ['thread', 'thread_main'];

const start = (code, options) => new Worker(code, { eval: true, ...options });
const echo = `const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => (message === 'end' ? parentPort.close() : parentPort.postMessage(message)));`;

async function each(seen, threads) {
  const logs = await Promise.all(Object.values(threads).map((code) => watch(start(code))));
  for (const [i, name] of Object.keys(threads).entries()) seen(name, logs[i]);
}

exports.cases = {
  'ends of a thread': async (seen) => {
    await each(seen, {
      natural: '0',
      'an exit code': 'process.exitCode = 3',
      exit: `process.on('exit', (code) => require('node:worker_threads').parentPort.postMessage(code)); process.exit(4)`,
      'a throw in an exit listener': `process.on('exit', () => { throw new Error('late') })`,
      beforeExit: `process.on('beforeExit', () => require('node:worker_threads').parentPort.postMessage('beforeExit'))`,
    });
  },

  'errors in a thread': async (seen) => {
    await each(seen, {
      thrown: `class Own extends RangeError { code = 'OWN'; extra = { a: 1 } }
        throw Object.assign(new Own('own', { cause: new TypeError('cause') }), { name: 'Own' })`,
      'not an error': 'throw { not: "an error" }',
      'a value that no clone has': 'throw () => {}',
      syntax: 'const const',
      rejected: `Promise.reject(new RangeError('rejected'))`,
      'after a message': `require('node:worker_threads').parentPort.postMessage('first'); throw new Error('then')`,
      caught: `process.on('uncaughtException', (error, origin) => require('node:worker_threads').parentPort.postMessage([error.message, origin]));
        setTimeout(() => {}, 5); throw new Error('caught')`,
      'a rejection that is caught': `process.on('unhandledRejection', (reason) => require('node:worker_threads').parentPort.postMessage(String(reason)));
        Promise.reject(5)`,
      'with a getter': `throw Object.defineProperty(new Error('getter'), 'message', { get() { throw new Error('no message') } })`,
    });
    seen('a missing file', await watch(new Worker(`${__dirname}/no-such-file.cjs`)));
  },

  'messages to and fro': async (seen) => {
    const worker = start(echo);
    const done = watch(worker);
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const sent = [
      'text',
      5n,
      null,
      undefined,
      new Date(0),
      /a/g,
      new Map([['a', new Set([1])]]),
      new RangeError('sent'),
      [1, [2]],
      { buffer },
    ];
    for (const message of sent) worker.postMessage(message, message?.buffer ? [buffer] : undefined);
    seen('detached', buffer.byteLength);
    for (const bad of [() => {}, Symbol('a'), new MessageChannel().port1, Promise.resolve()]) {
      seen(
        'not sent',
        thrown(() => worker.postMessage(bad)),
      );
    }
    seen(
      'a wrong list',
      thrown(() => worker.postMessage(1, 5)),
    );
    seen('once', await once(worker, 'message'));
    worker.postMessage('end');
    seen('log', await done);
  },

  'what a receiver cannot read': async (seen) => {
    const { port1, port2 } = new MessageChannel();
    const moved = moveMessagePortToContext(port2, createContext());
    const failed = new Promise((resolve) => {
      // A port of another context has no `addEventListener`.
      Object.assign(moved, { onmessageerror: ({ data }) => resolve(data) });
    });
    moved.start();
    const handle = await open(__filename);
    port1.postMessage(handle, [handle]);
    const { code, name, message } = await failed;
    seen('messageerror', [code, name, message]);
    port1.close();
    const missing = await watch(start("require('./no-such-module.cjs')"));
    seen('a missing module', [missing.error[0].message, missing.error[0].code, missing.exit]);
  },

  ports: async (seen) => {
    const { port1, port2 } = new MessageChannel();
    const worker = start(
      `const { parentPort, receiveMessageOnPort } = require('node:worker_threads');
       parentPort.once('message', ({ port }) => { port.postMessage('by the port'); port.once('message', (m) => { port.postMessage([m]); port.close(); }); });`,
    );
    const done = watch(worker);
    seen('moved', worker.postMessage({ port: port2 }, [port2]));
    port1.once('message', function (message) {
      seen('listener', [message, this === port1]);
      port1.postMessage('back');
    });
    await once(port1, 'message');
    seen('counts', listeners(port1));
    seen('answer', await once(port1, 'message'));
    port1.close();
    seen('log', await done);
    const local = new MessageChannel();
    local.port1.postMessage({ a: 1 });
    seen('received', [receiveMessageOnPort(local.port2), receiveMessageOnPort(local.port2)]);
    local.port1.close();
  },

  'a channel for all': async (seen) => {
    const channel = new BroadcastChannel('parity');
    const worker = start(
      `const { BroadcastChannel } = require('node:worker_threads');
       const channel = new BroadcastChannel('parity');
       channel.onmessage = ({ data }) => { channel.postMessage([data]); channel.close(); };
       channel.postMessage('ready');`,
    );
    const heard = [];
    const done = watch(worker);
    await new Promise((resolve) => {
      channel.addEventListener('message', ({ data, target }) => {
        heard.push([data, target === channel]);
        if (data === 'ready') channel.postMessage('to all');
        else resolve();
      });
    });
    channel.close();
    seen('heard', heard);
    seen('log', await done);
  },

  terminated: async (seen) => {
    const busy = start(`require('node:worker_threads').parentPort.postMessage(1); for (;;);`);
    await once(busy, 'message');
    seen('code', await busy.terminate());
    seen('again', await busy.terminate());
    const early = start('0');
    const gone = watch(early);
    seen('early', (await early.terminate()) === (await gone).exit[0]);
    const waiting = start('setInterval(() => {}, 1000)');
    await once(waiting, 'online');
    const order = [];
    waiting.once('exit', (code) => order.push(['exit', code]));
    await Promise.all(
      [waiting.terminate(), waiting.terminate()].map((stopped) =>
        stopped.then((code) => order.push(['resolved', code])),
      ),
    );
    seen('order', order);
    if (Symbol.asyncDispose in Worker.prototype) {
      const disposed = start('setInterval(() => {}, 1000)');
      const end = watch(disposed);
      await disposed[Symbol.asyncDispose]();
      seen('disposed', (await end).exit.length);
    }
  },

  'events of a worker': async (seen) => {
    const workers = [];
    const onWorker = (worker) => workers.push(worker.constructor === Worker);
    process.on('worker', onWorker);
    const worker = start('require("node:worker_threads").parentPort.postMessage(1)');
    seen('once', await Promise.all([once(worker, 'online'), once(worker, 'exit')]));
    seen('listeners after', listeners(worker));
    process.off('worker', onWorker);
    seen('events of the process', workers);
    const failing = start('throw new RangeError("once")');
    seen('once, failing', await once(failing, 'message').catch((error) => error));
    const cancelled = start('setTimeout(() => {}, 30)');
    const aborted = once(cancelled, 'message', { signal: AbortSignal.timeout(1) });
    seen('once, aborted', await aborted.catch(({ name, code }) => [name, code]));
    for (let i = 0; i < 11; i++) cancelled.on('message', () => {});
    await once(cancelled, 'exit');
  },

  'measuring a thread': async (seen) => {
    const worker = start(echo);
    await once(worker, 'online');
    const { idle, active, utilization } = worker.performance.eventLoopUtilization();
    seen('utilization', [typeof idle, typeof active, typeof utilization]);
    const snapshot = await worker.getHeapSnapshot();
    seen('snapshot', [snapshot.constructor.name, snapshot.readableFlowing]);
    // Node crashes where one is given up before its end.
    snapshot.resume();
    await once(snapshot, 'end');
    if (worker.getHeapStatistics) seen('statistics', Object.keys(await worker.getHeapStatistics()));
    if (worker.cpuUsage) seen('usage', Object.keys(await worker.cpuUsage()));
    worker.postMessage('end');
    seen('exit', await once(worker, 'exit'));
  },
};

exports.ends = {
  'an error in a thread that nobody handles': async () => {
    start('throw new Error("from the thread")');
  },
  'an error that an error listener throws': async () => {
    start('throw new Error("from the thread")').on('error', ({ message }) => {
      throw new RangeError(`handled: ${message}`);
    });
  },
  'a thread that is not waited for': async (seen) => {
    const worker = start('setInterval(() => {}, 1000)');
    worker.on('exit', () => console.log('never printed'));
    worker.once('online', () => worker.unref());
    process.on('exit', (code) => {
      seen('exit', code);
      console.log('exit', code);
    });
  },
  'an exit of the process while threads run': async () => {
    const worker = start('console.log("inside"); setInterval(() => {}, 1000)', { stdout: false });
    worker.on('exit', () => console.log('never printed'));
    worker.stdout.once('data', () => setImmediate(() => process.exit(7)));
  },
};
