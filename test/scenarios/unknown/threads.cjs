// Threads and processes that do what requests post to them: each is made by whoever needs it first, and calls the
// downstream service itself.
const { fork, spawn } = require('node:child_process');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { MessageChannel, Worker } = require('node:worker_threads');
const { Piscina } = require('piscina');
const workerpool = require('workerpool');

const [run, runByClient, task, pooled, linesFile] = [
  'run',
  'run-by-client',
  'task',
  'workerpool',
  'lines',
].map((name) => path.join(__dirname, `${name}.cjs`));

module.exports = async function startThreads(port) {
  const { default: Tinypool } = await import('tinypool');
  process.env.DOWNSTREAM = String(port);
  const closing = [];
  const lazily = (make, close) => {
    let made;
    closing.push(() => made !== undefined && close(made));
    return () => (made ??= make());
  };

  const waiting = new Map();
  const answered = (id) => {
    const done = waiting.get(id);
    waiting.delete(id);
    done();
  };
  const worker = lazily(
    () => new Worker(task).on('message', answered),
    (made) => made.terminate(),
  );
  const child = lazily(
    () => fork(task).on('message', answered),
    (made) => made.kill(),
  );
  const ports = lazily(
    () => {
      const { port1, port2 } = new MessageChannel();
      const thread = new Worker(task, { workerData: { by: port2 }, transferList: [port2] });
      return { thread, by: port1.on('message', answered) };
    },
    ({ thread }) => thread.terminate(),
  );
  const options = { filename: run, maxThreads: 1 };
  const piscina = lazily(
    () => new Piscina(options),
    (made) => void made.destroy(),
  );
  const tinypool = lazily(
    () => new Tinypool(options),
    (made) => void made.destroy(),
  );
  const pool = lazily(
    () => workerpool.pool(pooled, { maxWorkers: 1, workerType: 'thread' }),
    (made) => void made.terminate(true),
  );

  const clientPool = lazily(
    () => new Tinypool({ filename: runByClient, maxThreads: 1 }),
    (made) => void made.destroy(),
  );
  const lines = lazily(
    () => {
      const made = spawn(process.execPath, [...process.execArgv, linesFile], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      createInterface({ input: made.stdout }).on('line', answered);
      return made;
    },
    (made) => made.stdin.end(),
  );

  // The task calls by the request's id; so does who gets the answer.
  const posted = (post) => (id, call, done) => {
    waiting.set(id, () => call(id, done));
    post(id);
  };
  return {
    works: {
      'a thread': posted((id) => worker().postMessage(id)),
      'a port of a thread': posted((id) => ports().by.postMessage(id)),
      'a process': posted((id) => child().send(id)),
      piscina: (id, call, done) =>
        piscina()
          .run(id)
          .then(() => call(id, done)),
      tinypool: (id, call, done) =>
        tinypool()
          .run(id)
          .then(() => call(id, done)),
      'a thread’s own client': (id, call, done) =>
        clientPool()
          .run(id)
          .then(() => call(id, done)),
      'a process that reads': posted((id) => lines().stdin.write(`${id}\n`)),
      workerpool: (id, call, done) =>
        pool()
          .exec('run', [id])
          .then(() => call(id, done)),
    },
    close: () => closing.forEach((close) => close()),
  };
};
