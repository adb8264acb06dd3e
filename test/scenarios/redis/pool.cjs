// A pool of node-redis where an untraced task waits since before the first trace, and a traced request's connection is
// the first to be open: `GET /`. The server in front of Redis lets the second connection wait until the third is open.
const { createServer } = require('node:http');
const net = require('node:net');
const { profiler } = require('ostrace');
const { createClient } = require('redis');

const url = new URL(process.env.REDIS_URL);
const key = `ostrace-pool-${process.pid}`;
let opened = 0;
let third;
const isThird = new Promise((resolve) => (third = resolve));

const proxy = net.createServer(async (from) => {
  from.on('error', () => {});
  opened++;
  if (opened === 2) await isThird;
  const to = net.connect(url.port, url.hostname);
  to.on('error', () => {});
  from.pipe(to).pipe(from);
});

proxy.listen(0, '127.0.0.1', async () => {
  const socket = { host: '127.0.0.1', port: proxy.address().port };
  const pool = createClient({ socket }).createPool({ minimum: 1, maximum: 3 });
  await pool.connect();
  let release;
  const held = pool.execute(() => new Promise((resolve) => (release = resolve)));
  const untraced = pool.execute((one) => profiler.trace('untraced', () => one.get(`${key}:untraced`)));
  const server = createServer(async (_request, response) => {
    const traced = pool.execute((one) => one.get(`${key}:traced`));
    await untraced;
    third();
    release();
    response.end(String(await traced));
    await held;
    await pool.close();
    proxy.close();
    server.close();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
});
