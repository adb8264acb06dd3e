// Sends events in the styles that socket.io has; prints what came back. Each style is a point of its own, and so is what a
// callback does: it shows where that ran.
const { once } = require('node:events');
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

module.exports = async function calls({ Server, clients }) {
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
      start((...args) =>
        profiler.trace('callback', () => resolve(args.map((each) => each?.message ?? each))),
      );
    });
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const io = new Server(http);
  const received = [];
  const connecting = once(io.of('/shop'), 'connection');
  const client = clients.io(`http://127.0.0.1:${http.address().port}/shop`, { transports: ['websocket'] });
  client.onAny((...args) => received.push(args.filter((each) => typeof each !== 'function')));
  client.on('question', (text, answer) => answer(`${text}!`));
  const [socket] = await connecting;
  const shop = io.of('/shop');
  socket.join('room');

  await style('sent', () => socket.emit('order', 1));
  await style('to all', () => shop.emit('order', 2));
  await style('to a room', () => shop.to('room').emit('order', 3));
  await style('to others', () => socket.broadcast.emit('order', 4));
  await style('answered', () => asked((done) => socket.emit('question', 'a', done)));
  const isAsked = typeof socket.timeout === 'function';
  await style(
    'answered in time',
    () => isAsked && asked((done) => socket.timeout(9999).emit('question', 'b', done)),
  );
  await style(
    'not answered in time',
    () => isAsked && asked((done) => socket.timeout(10).emit('silence', done)),
  );
  await style(
    'all are asked',
    () => isAsked && asked((done) => shop.timeout(9999).emit('question', 'c', done)),
  );
  await style('not answered', () => socket.emit('silence', () => {}));
  await style('reserved', () => socket.emit('disconnect'));
  while (received.at(-1)?.[0] !== 'silence') await new Promise((resolve) => setImmediate(resolve));
  results.received = received;
  client.close();
  await new Promise((resolve) => io.close(resolve));
  process.stdout.write(JSON.stringify(results));
};
