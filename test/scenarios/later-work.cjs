// A server that answers at once, and goes on working. `/end` ends it once all of that is done.
const http = require('node:http');
const { profiler } = require('ostrace');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const work = (name, ms = 0) => profiler.trace(name, () => sleep(ms));
const running = [];

const server = http.createServer((request, response) => {
  if (request.url === '/end') {
    void Promise.all(running).then(() => {
      response.end(JSON.stringify(profiler.get() ?? null));
      server.close();
      server.closeIdleConnections();
    });
    return;
  }
  response.end('answered');
  if (request.url !== '/') return;
  // Begun before the answer was sent, it goes on with all that runs within it.
  running.push(
    profiler.trace('job', async () => {
      await sleep(400);
      await work('step');
      // In a point that has stopped, but whose own caller has not.
      const { resume } = await profiler.trace('opened', () => ({
        resume: sleep(100).then(() => work('resumed')),
      }));
      await resume;
    }),
    // Right after the answer.
    sleep(5).then(() => work('at once')),
    // A loop that would never let the trace end if each of its points counted.
    (async () => {
      for (let i = 0; i < 12; i++) {
        await work('beat', 60);
        await sleep(20);
      }
    })(),
    sleep(700).then(() => fetch(`http://127.0.0.1:${server.address().port}/probe`)),
  );
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
