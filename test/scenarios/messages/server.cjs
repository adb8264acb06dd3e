// A web server that sends a message and handles it too, `GET /7`. It connects and subscribes at its first request, whatever
// that is. `begin` is given the function that a handled message is told to, and gives `send` and `end`.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

module.exports = function serve(begin) {
  const waiting = new Map();
  let beginning;

  /** Handles a message for a while. */
  async function handle(id, headers) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    profiler.trace(`handled ${id}`, () => {});
    waiting.get(id)(Object.keys(headers).toSorted().join());
  }

  const server = createServer(async ({ url }, response) => {
    const id = url.slice(1);
    const { send, end } = await (beginning ??= begin(handle));
    if (id === 'end') {
      await end();
      response.end();
      server.close();
      return;
    }
    const handled = new Promise((resolve) => waiting.set(id, resolve));
    send(id);
    const names = await handled;
    profiler.trace(`asked ${id}`, () => {});
    response.end(names);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
};
