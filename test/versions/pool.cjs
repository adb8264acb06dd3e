// Has tasks run in the styles that every supported piscina and tinypool has; prints what came back. Each style is a point of its own,
// and so is what a task and a continuation do: it shows where that ran.
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { profiler } = require('ostrace');

module.exports = async function calls({ pools }) {
  const Pool = pools.Piscina ?? pools.Tinypool;
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
  const filename = join(__dirname, 'pool-task.cjs');
  const pool = new Pool({ filename, minThreads: 1, maxThreads: 1 });
  const options = Object.freeze({ name: 'named' });

  await style('a task', () => pool.run({ value: 1 }));
  await style('by name', async () => [await pool.run({ value: 1 }, options), pool.run.name, pool.run.length]);
  await style('by address', () => pool.run({ value: 1 }, { filename: pathToFileURL(filename).href }));
  await style('several at once', () => Promise.all([1, 2, 3].map((value) => pool.run({ value }))));
  await style('a continuation', async () => here('continued', await pool.run({ value: 1 })));
  await style('a failure', () => pool.run({ fails: true }));
  await style('no function', () => pool.run({}, { name: 'missing' }));
  await style('transferred', async () => {
    const value = new ArrayBuffer(4);
    return [await pool.run({ value }, { transferList: [value] }), value.byteLength];
  });
  await style('moved', async () => {
    const value = new Uint8Array(4);
    return [await pool.run(Pool.move(value)), value.byteLength];
  });
  await style('what cannot be posted', () => pool.run({ value: () => {} }));
  await style('an answer that cannot be posted', async () => {
    const other = new Pool({ filename, maxThreads: 1 });
    const errors = [];
    other.on('error', ({ message }) => errors.push(message));
    const answer = await other.run({ unclonable: true }).catch(({ message }) => message);
    await other.destroy();
    return [answer, errors];
  });
  await style('given up', async () => {
    const controller = new AbortController();
    const spins = new Int32Array(new SharedArrayBuffer(4));
    const waiting = pool.run({ spins }, { signal: controller.signal }).catch(({ name }) => name);
    while (Atomics.load(spins, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    return waiting;
  });
  await style('given up before', () =>
    pool.run({}, { signal: AbortSignal.abort() }).catch(({ name }) => name),
  );
  await style('too many', async () => {
    const small = new Pool({ filename, maxThreads: 1, maxQueue: 0, minThreads: 1 });
    const all = await Promise.allSettled([1, 2].map((value) => small.run({ value })));
    await small.destroy();
    return all.map(({ value, reason }) => value ?? reason.message);
  });
  await style('made in it', async () => {
    const lazy = new Pool({ filename, maxThreads: 1, minThreads: 0 });
    const answer = await lazy.run({ value: 1 });
    await lazy.destroy();
    return answer;
  });

  results.options = options;
  await pool.destroy();
  process.stdout.write(JSON.stringify(results));
};
