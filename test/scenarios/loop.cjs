// Requests whose time is spent in different ways, in this thread and in others: `/blocks`, `/waits`, `/yields`,
// `/thread`, `/process`.
const { fork } = require('node:child_process');
const { createServer } = require('node:http');
const { Worker } = require('node:worker_threads');
const { profiler } = require('ostrace');

const block = () => {
  // Longer than the points whose stop leaves out the CPU time.
  const until = performance.now() + 20;
  while (performance.now() < until);
};

/** Until the loop has waited for events. */
async function wait() {
  const before = performance.nodeTiming.idleTime;
  while (performance.nodeTiming.idleTime === before) await new Promise((done) => setTimeout(done, 5));
}

const handlers = {
  '/blocks': async () => profiler.trace('work', block),
  '/waits': () => profiler.trace('work', wait),
  '/yields': () =>
    profiler.trace('work', () => new Promise((done) => setImmediate(() => setImmediate(done)))),
  '/thread': () => new Promise((done) => new Worker(__filename).on('exit', done)),
  '/process': () => new Promise((done) => fork(__filename, ['child']).on('exit', done)),
};

if (process.argv[2] === 'child' || !require('node:worker_threads').isMainThread) {
  profiler.trace('work', block);
} else {
  const server = createServer(async (request, response) => {
    await handlers[request.url]?.();
    response.end();
    if (request.url === '/end') server.close();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
