// Threads that record more than their rings hold, and are gone at once.
const { Worker } = require('node:worker_threads');

const code = `
  const { profiler } = require(${JSON.stringify(require.resolve('ostrace'))});
  const text = 'x'.repeat(20000);
  for (let i = 0; i < 1000; i++) profiler.trace('work', { text }, () => {});
`;
for (let i = 0; i < 3; i++) new Worker(code, { eval: true });
