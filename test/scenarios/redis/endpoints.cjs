// Asks Redis where it is found in other ways than by host and port, by ioredis and node-redis. The arguments are its
// Unix socket and the port of a sentinel. Each way is a point of its own.
const { Redis } = require('ioredis');
const { profiler } = require('ostrace');
const { createClient, createSentinel } = require('redis');

const [path, port] = process.argv.slice(2);
const sentinel = { host: '127.0.0.1', port: Number(port) };

async function main() {
  const way = (name, body) => profiler.trace(name, body);
  const local = new Redis({ path, db: 1 });
  await way('ioredis: a socket', () => local.get('a'));
  await local.select(2);
  await way('ioredis: another database', () => local.get('a'));
  local.disconnect();
  const told = new Redis({ sentinels: [sentinel], name: 'main' });
  await new Promise((resolve) => told.once('ready', resolve));
  await way('ioredis: a sentinel', () => told.get('a'));
  told.disconnect();
  const socket = await createClient({ socket: { path }, database: 1 }).connect();
  await way('redis: a socket', () => socket.get('a'));
  socket.destroy();
  const sentinels = createSentinel({ name: 'main', sentinelRootNodes: [sentinel] });
  await way('redis: opening', () => sentinels.connect());
  await way('redis: a sentinel', () => sentinels.get('a'));
  sentinels.destroy();
  const none = await createClient({ url: `redis://127.0.0.1:${process.argv[4]}` }).connect();
  await way('redis: without a database', () => none.get('a'));
  none.destroy();
}

void main();
