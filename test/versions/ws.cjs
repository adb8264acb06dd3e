// Sends messages in the styles that every supported ws has; prints what came back. Each style is a point of its own, and so
// is what a callback does: it shows where that ran.
const { once } = require('node:events');
const { profiler } = require('ostrace');

module.exports = async function calls({ WebSocket, servers }) {
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
  const asked = (start) =>
    new Promise((resolve) => {
      start((error) => profiler.trace('callback', () => resolve(error?.message ?? 'written')));
    });
  const server = new servers.Server({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const received = [];
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => received.push([String(data), isBinary === true]));
  });
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/path?secret=1`);
  await style('too early', () => client.send('a'));
  await once(client, 'open');
  const other = new WebSocket(client.url);
  await once(other, 'open');
  while (server.clients.size < 2) await new Promise((resolve) => setImmediate(resolve));

  await style('sent', () => client.send('a'));
  await style('with a callback', () => asked((done) => client.send('b', done)));
  await style('with options and a callback', () =>
    asked((done) => client.send('c', { compress: false }, done)),
  );
  const [atServer] = server.clients;
  await style('by a server', () => asked((done) => atServer.send('d', done)));
  await style('to all', () => server.clients.forEach((socket) => socket.send('e')));
  while (received.length < 3) await new Promise((resolve) => setImmediate(resolve));
  results.received = received.map(([text]) => text);
  client.close();
  await once(client, 'close');
  await style('when closed', () => asked((done) => client.send('f', done)));
  await style('when closed without a callback', () => client.send('f'));
  other.close();
  await once(other, 'close');
  await new Promise((resolve) => server.close(resolve));
  process.stdout.write(JSON.stringify(results));
};
