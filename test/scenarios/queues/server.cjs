// A web server that sends a message for `GET /7` and answers when it is handled, in the same process. It connects and
// consumes at its first request, whatever that is. `GET /end` ends it.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

/**
 * Starts the server.
 *
 * @param connect begins to consume with the function that it is given, which takes an id and what came with its message;
 *   gives `send`, which calls its second argument when the message is sent, and `close`
 */
module.exports = function serve(connect) {
  const waiting = new Map();
  let connecting;

  const handle = async (id, came) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    profiler.trace(`handled ${id}`, () => {});
    // The answer must not overtake the end of what handles the message.
    setTimeout(() => waiting.get(id)(came), 5);
  };
  const server = createServer(async ({ url }, response) => {
    const id = url.slice(1);
    const { send, close } = await (connecting ??= connect(handle));
    if (id === 'end') {
      await close();
      response.end();
      server.close();
      return;
    }
    const handled = new Promise((resolve) => waiting.set(id, resolve));
    send(id, () => profiler.trace(`sent ${id}`, () => {}));
    response.end(await handled);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
};
