// Jobs of one queue and one worker of BullMQ; what comes with each is the names of its options.
const { Queue, Worker } = require('bullmq');

require('./server.cjs')(async (handle) => {
  const { hostname, port, pathname } = new URL(process.env.REDIS_URL);
  const connection = { host: hostname, port: Number(port), db: Number(pathname.slice(1)) };
  const name = `ostrace-test-${process.pid}`;
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, ({ data, opts }) => handle(data.id, Object.keys(opts).toSorted().join()), {
    connection,
    concurrency: 20,
  });
  await worker.waitUntilReady();
  return {
    send: (id, sent) => queue.add('job', { id }).then(sent),
    async close() {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
});
