// A service whose requests each send messages in another way; the answers tell what the application has seen.
const { fork } = require('node:child_process');
const { AsyncResource } = require('node:async_hooks');
const cluster = require('node:cluster');
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { join } = require('node:path');
const { MessageChannel, Worker } = require('node:worker_threads');

const start = (way, options) => fork(join(__dirname, 'echo.cjs'), [way], options);
const thread = (way, options) => new Worker(join(__dirname, 'echo.cjs'), { workerData: way, ...options });

cluster.setupPrimary({ exec: join(__dirname, 'echo.cjs'), args: ['echo'] });

const all = {
  child: start('echo'),
  advanced: start('echo', { serialization: 'advanced' }),
  plain: start('echo', { execArgv: [], env: { PATH: process.env.PATH } }),
  late: start('late', { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] }),
  leaving: start('echo'),
  broken: start('echo'),
  nested: start('echo'),
  handed: start('echo'),
  clustered: cluster.fork(),
  thread: thread('echo'),
  brokenThread: thread('echo'),
  nestedThread: thread('echo'),
  plainThread: thread('echo', { execArgv: [], env: {} }),
  taking: thread('taking'),
  port: thread('echo'),
};

/** Sends something, and waits for as many answers. */
const heard = (receiver, tell, count = 1) =>
  new Promise((resolve) => {
    const answers = [];
    const hear = (answer) => {
      if (answers.push(answer) < count) return;
      receiver.removeListener('message', hear);
      resolve([result, answers]);
    };
    receiver.on('message', hear);
    const result = tell();
  });
const thrown = (fn) => {
  try {
    return fn();
  } catch (error) {
    return `${error.name}: ${error.message.split('\n')[0]}`;
  }
};
const circular = { name: 'circular' };
circular.self = circular;

const steps = {
  process: () => heard(all.child, () => all.child.send({ name: 'plain' })),
  clustered: () => heard(all.clustered, () => all.clustered.send({ name: 'plain' })),
  callback: () =>
    new Promise((resolve) => {
      const seen = [];
      const done = (it) => seen.push(it) === 2 && resolve(seen.toSorted((a, b) => a.localeCompare(b)));
      all.child.once('message', () => done('answered'));
      all.child.send('a text', (...args) => done(`called with ${JSON.stringify(args)}`));
    }),
  twice: async () => [
    await heard(all.child, () => all.child.send({ name: 'first' })),
    await heard(all.child, () => all.child.send({ name: 'second' })),
  ],
  advanced: () => heard(all.advanced, () => all.advanced.send(new Map([['name', 'a map']]))),
  'without the agent': () => heard(all.plain, () => all.plain.send({ name: 'plain' })),
  late: () => {
    const send = () => {
      const results = [all.late.send({ name: 'kept' }), all.late.send({ name: 'kept too' })];
      // It listens once it has this.
      if (all.late.stdin.writable) all.late.stdin.end('now');
      return results;
    };
    return heard(all.late, send, 2);
  },
  'cannot be sent': () =>
    heard(all.broken, () => [
      thrown(() => all.broken.send(circular)),
      thrown(() => all.broken.send(undefined)),
      outside(() => all.broken.send({ name: 'of nobody' })),
    ]),
  nested: () => {
    const toJSON = () => {
      outside(() => all.nested.send({ name: 'inner' }));
      return { name: 'outer' };
    };
    return heard(all.nested, () => all.nested.send({ name: 'outer', toJSON }), 2);
  },
  handle: async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const send = () => [
      all.handed.send({ name: 'with a handle' }, server),
      all.handed.send({ name: 'held back' }),
    ];
    const seen = await heard(all.handed, send, 2);
    server.close();
    return seen;
  },
  disconnected: async () => {
    if (all.leaving.connected) all.leaving.disconnect();
    const error = once(all.leaving, 'error');
    const results = [all.leaving.send({ name: 'too late' })];
    results.push((await error)[0].message);
    await new Promise((resolve) =>
      all.leaving.send({ name: 'too late' }, (failed) => resolve(results.push(failed.message))),
    );
    return results;
  },
  thread: () => heard(all.thread, () => all.thread.postMessage({ name: 'plain' })),
  'thread without the agent': () =>
    heard(all.plainThread, () => all.plainThread.postMessage({ name: 'plain' })),
  'cannot be posted': () =>
    heard(all.brokenThread, () => [
      thrown(() => all.brokenThread.postMessage(() => {})),
      outside(() => all.brokenThread.postMessage({ name: 'of nobody' })),
    ]),
  'nested in a thread': () => {
    const message = {
      get name() {
        outside(() => all.nestedThread.postMessage({ name: 'inner' }));
        return 'outer';
      },
    };
    return heard(all.nestedThread, () => all.nestedThread.postMessage(message), 2);
  },
  taken: () => heard(all.taking, () => all.taking.postMessage({ name: 'taken' })),
  'by a port': async () => {
    const { port1, port2 } = new MessageChannel();
    all.port.postMessage({ name: 'asked', port: port2 }, [port2]);
    const [answer] = await once(port1, 'message');
    port1.close();
    return answer;
  },
  'a thread of its own': async () => {
    const worker = thread('echo');
    const seen = await once(worker, 'message');
    for (const name of ['first', 'second'])
      seen.push(await heard(worker, () => worker.postMessage({ name })));
    worker.postMessage({ name: 'close' });
    seen.push(await once(worker, 'exit'));
    return seen;
  },
};

/** Runs code in no trace. */
const nowhere = new AsyncResource('nowhere');
const outside = (fn) => nowhere.runInAsyncScope(fn);

const server = http.createServer(async (request, response) => {
  const step = decodeURIComponent(request.url.slice(1));
  if (step !== 'end') {
    response.end(JSON.stringify(await steps[step]()));
    return;
  }
  for (const each of Object.values(all)) {
    if (each instanceof Worker) await each.terminate();
    else if ((each.process ?? each).connected) each.disconnect();
  }
  response.end('end', () => {
    server.close();
    server.closeAllConnections();
  });
});
const ready = Object.values(all).map((each) => once(each, 'message'));
void Promise.all(ready).then(() =>
  server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ ...server.address(), steps: Object.keys(steps) })),
  ),
);
