// Jobs of one queue and one worker of BullMQ; what comes with each is the names of its options.
const { Queue, QueueEvents, Worker } = require('bullmq');
const { profiler } = require('ostrace');

require('./server.cjs')(async (handle) => {
  const { hostname, port, pathname } = new URL(process.env.REDIS_URL);
  const connection = { host: hostname, port: Number(port), db: Number(pathname.slice(1)) };
  const name = `ostrace-test-${process.pid}`;
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, ({ data, opts }) => handle(data.id, Object.keys(opts).toSorted().join()), {
    connection,
    concurrency: 20,
  });
  // What it tells is of the jobs of all requests.
  const told = new QueueEvents(name, { connection });
  told.on('completed', () => profiler.trace('told', () => {}));
  await Promise.all([worker.waitUntilReady(), told.waitUntilReady()]);
  return {
    send: (id, sent) => queue.add('job', { id }).then(sent),
    async close() {
      await Promise.all([worker.close(), told.close()]);
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
});
