// Requests that make V8 collect garbage, and tell how often it did: `/collects?times=3` in this thread; `/thread` in a
// worker thread; `/none` does not.
const { createServer } = require('node:http');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

// A full collection takes some milliseconds for this.
const kept = Array.from({ length: 100_000 }, (_, i) => ({ i, text: `${i}` }));

function collect(times) {
  for (let i = 0; i < times; i++) gc();
  return kept.length;
}

const handlers = {
  '/none': () => {},
  '/collects': (times) => collect(times),
  '/thread': () =>
    new Promise((done) => new Worker(__filename, { workerData: { times: 2 } }).on('exit', done)),
};

if (!isMainThread) {
  collect(workerData.times);
  // What Node tells of them comes some turns later.
  setTimeout(() => parentPort.unref(), 20);
} else {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    await handlers[pathname]?.(Number(searchParams.get('times')));
    response.end();
    if (pathname === '/end') server.close();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
