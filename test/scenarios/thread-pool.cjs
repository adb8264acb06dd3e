// A pool's thread: started by a traced call, and asked again when that trace is long over.
const { Worker } = require('node:worker_threads');
const { profiler } = require('ostrace');

const code = `
  const { parentPort } = require('node:worker_threads');
  const { profiler } = require(${JSON.stringify(require.resolve('ostrace'))});
  parentPort.on('message', (name) => parentPort.postMessage(profiler.trace('work', () => name)));
`;
let worker;
const ask = (name) =>
  new Promise((resolve) => {
    worker ??= new Worker(code, { eval: true });
    worker.once('message', resolve);
    worker.postMessage(name);
  });

async function main() {
  profiler.init('test-key');
  console.log(await profiler.trace('first', () => ask('first')));
  profiler.clean();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  console.log(await ask('second'));
  worker.postMessage('exit');
  await worker.terminate();
}
main();
