// Adds and handles jobs in the styles that every supported BullMQ has; prints what the application saw of them. Each
// style is a point of its own, and so is what a job does: it shows where that ran.
const { join } = require('node:path');
const { profiler } = require('ostrace');

module.exports = async function calls({ bullmq }) {
  const { DelayedError, FlowProducer, Queue, Worker } = bullmq;
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.message}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const { hostname, port, pathname } = new URL(process.env.REDIS_URL);
  const connection = { host: hostname, port: Number(port), db: Number(pathname.slice(1)) };
  const name = `ostrace-test-${process.pid}`;
  const queue = new Queue(name, { connection });
  const flows = new FlowProducer({ connection });
  const sandboxed = new Queue(`${name}-sandboxed`, { connection });

  const seen = [];
  const runs = new Map();
  let left = 0;
  let done;
  /** What so many runs of jobs saw. */
  const handled = (count) =>
    new Promise((resolve) => {
      left = count;
      done = resolve;
    });
  const told = (what) => {
    seen.push(what);
    if (--left === 0) done(seen.splice(0));
  };
  const worker = new Worker(
    name,
    async (job, token) => {
      here('handled');
      await new Promise((resolve) => setTimeout(resolve, 2));
      here('still');
      const { data, id, opts } = job;
      const run = (runs.get(id) ?? 0) + 1;
      runs.set(id, run);
      told([job.name, data, opts.delay, Object.keys(opts).toSorted(), opts.telemetry, job.attemptsMade]);
      if (data.fails >= run) throw new RangeError('too far');
      if (data.later && !data.isLater) {
        await job.updateData({ ...data, isLater: true });
        await job.moveToDelayed(Date.now() + 5, token);
        throw new DelayedError();
      }
      return data;
    },
    { connection, concurrency: 5, drainDelay: 0.1 },
  );
  worker.on('error', (error) => (results.workerError = String(error)));
  await worker.waitUntilReady();

  const one = async (data, options, count = 1) => {
    const all = handled(count);
    const job = await queue.add('job', data, options);
    return [Object.keys(job.opts).toSorted(), await all];
  };
  const options = Object.freeze({
    attempts: 3,
    own: 'a',
    telemetry: Object.freeze({ metadata: 'no { JSON' }),
  });

  await style('added', () => one({ a: 1 }));
  await style('with options', () => one({ a: 1 }, options));
  await style('delayed', () => one({ a: 1 }, { delay: 20 }));
  await style('prioritized', () => one({ a: 1 }, { priority: 2 }));
  await style('tried again', () => one({ fails: 2 }, { attempts: 3 }, 3));
  await style('failed', () => one({ fails: 1 }));
  await style('put off', () => one({ later: true }, {}, 2));
  await style('in bulk', async () => {
    const all = handled(3);
    const jobs = await queue.addBulk(['a', 'b', 'c'].map((id) => ({ name: 'job', data: { id } })));
    return [jobs.length, (await all).map(([, data]) => data.id).toSorted()];
  });
  await style('a flow', async () => {
    const all = handled(3);
    const child = (id) => ({ name: 'child', queueName: name, data: { id } });
    const { children } = await flows.add({
      name: 'parent',
      queueName: name,
      data: { id: 'a' },
      children: [child('b'), child('c')],
    });
    return [children.length, (await all).map(([, data]) => data.id).toSorted()];
  });
  await style('flows', async () => {
    const all = handled(2);
    const added = await flows.addBulk(
      ['a', 'b'].map((id) => ({ name: 'job', queueName: name, data: { id } })),
    );
    return [added.length, (await all).map(([, data]) => data.id).toSorted()];
  });
  await style('not waited for', async () => {
    const all = handled(1);
    void queue.add('job', { a: 1 });
    return all;
  });
  await style('a listener that adds', async () => {
    const all = handled(2);
    queue.once('waiting', () => queue.add('second', {}));
    await queue.add('job', {});
    return (await all).map(([kind]) => kind).toSorted();
  });
  await style('no such id', () => queue.add('job', {}, { jobId: '0:1' }));
  await style('read', async () => {
    const { id } = await queue.add('job', {}, { delay: 100_000, attempts: 2 });
    const { opts } = await queue.getJob(id);
    const [listed] = await queue.getDelayed();
    await listed.remove();
    return [opts, listed.opts, JSON.stringify(listed.asJSON().opts)].map((each) =>
      /ostrace/.test(JSON.stringify(each)),
    );
  });
  await style('repeated', async () => {
    const all = handled(2);
    if (queue.upsertJobScheduler) {
      await queue.upsertJobScheduler('every', { every: 60, limit: 2 }, { name: 'job', data: {} });
      return (await all).map(([kind]) => kind);
    }
    await queue.add('job', {}, { repeat: { every: 60, limit: 2 } });
    return (await all).map(([kind]) => kind);
  });

  const finished = new Promise((resolve) => {
    const inside = new Worker(sandboxed.name, join(__dirname, 'bullmq-processor.cjs'), { connection });
    inside.on('completed', (_job, result) => resolve({ inside, result }));
    inside.on('error', (error) => (results.workerError = String(error)));
  });
  await style('in a process', async () => {
    await sandboxed.add('job', { a: 1 });
    const { inside, result } = await finished;
    await inside.close();
    return result;
  });

  results.options = options;
  await worker.close();
  for (const each of [queue, sandboxed]) {
    await each.obliterate({ force: true });
    await each.close();
  }
  await flows.close();
  process.stdout.write(JSON.stringify(results));
};
