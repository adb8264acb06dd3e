// Two pools by two copies of tinypool, which number their tasks alike.
import { pathToFileURL } from 'node:url';
import { profiler } from 'ostrace';

const filename = new URL('task.cjs', import.meta.url).href;
const pools = [];
for (const file of process.argv.slice(2)) {
  const { Tinypool } = await import(pathToFileURL(file).href);
  pools.push(new Tinypool({ filename, minThreads: 1, maxThreads: 1 }));
}
const [first, second] = pools;
// Their numbers are the same: the one is in a trace, the other is not.
const traced = (id) => {
  profiler.init('test-key');
  return profiler.trace(`asked ${id}`, () => first.run({ id }));
};
const answers = [];
for (let i = 0; i < 20; i++) {
  answers.push(
    await Promise.all([
      second.run({ id: `u${i}` }),
      new Promise((resolve) => setImmediate(() => resolve(traced(`t${i}`)))),
    ]),
  );
}
await Promise.all(pools.map((pool) => pool.destroy()));
console.log(answers.flat().join());
