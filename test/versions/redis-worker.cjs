// A web server that asks Redis, `GET /7`, by ioredis or by node-redis. It connects and subscribes at its first request,
// whatever that is, and all requests share the connections.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

const url = process.env.REDIS_URL;
const prefix = `ostrace-worker-${process.pid}`;
const channel = `${prefix}:news`;

/** What a request can ask for, by either library; and what is closed at the end. */
async function withIoredis(Redis) {
  const client = new Redis(url);
  const together = new Redis(url, { enableAutoPipelining: true });
  const subscriber = new Redis(url);
  client.defineCommand('twice', { numberOfKeys: 1, lua: 'return redis.call("get", KEYS[1]) * 2' });
  return {
    client,
    ways: {
      alone: async (key) => [await client.set(key, '1'), await client.get(key)],
      pipeline: (key) => client.pipeline().get(key).incr(key).exec(),
      transaction: (key) => client.multi().get(key).incr(key).exec(),
      script: (key) => client.twice(key),
      together: (key) => Promise.all([together.get(key), together.get(key)]),
      'by a callback': (key) => new Promise((resolve) => client.get(key, (_error, value) => resolve(value))),
      published: (_key, id) => client.publish(channel, id),
    },
    subscribe: async (listener) => {
      subscriber.on('message', (_channel, text) => listener(text));
      await subscriber.subscribe(channel);
    },
    clear: (keys) => client.del(...keys),
    close: () => [client, together, subscriber].forEach((each) => each.disconnect()),
  };
}

async function withNodeRedis(redis) {
  // The client's own `PING`s are nobody's.
  const client = redis.createClient({ url, pingInterval: 2 });
  await client.connect();
  const isPool = client.createPool !== undefined;
  const pool = isPool
    ? client.createPool({ minimum: 1, maximum: 2, acquireTimeout: 60_000 })
    : redis.createClient({ url, isolationPoolOptions: { max: 2 } });
  await pool.connect();
  const subscriber = client.duplicate();
  await subscriber.connect();
  const isolated = (body) => (isPool ? pool.execute(body) : pool.executeIsolated(body));
  return {
    client,
    ways: {
      alone: async (key) => [await client.set(key, '1'), await client.get(key)],
      pipeline: (key) => client.multi().get(key).incr(key).execAsPipeline(),
      transaction: (key) => client.multi().get(key).incr(key).exec(),
      pooled: (key) => (isPool ? pool.get(key) : pool.get(redis.commandOptions({ isolated: true }), key)),
      isolated: (key) => isolated(async (one) => [await one.get(key), await one.incr(key)]),
      published: (_key, id) => client.publish(channel, id),
    },
    subscribe: (listener) => subscriber.subscribe(channel, listener),
    clear: (keys) => client.del(keys),
    close: async () => {
      await subscriber.quit();
      await (isPool ? pool.close() : pool.quit());
      await client.quit();
    },
  };
}

module.exports = function worker({ Redis, redis }) {
  const keys = new Set();
  let connecting;
  async function connect() {
    const its = await (Redis === undefined ? withNodeRedis(redis) : withIoredis(Redis));
    // What it does for a message is no request's.
    await its.subscribe((text) => its.client.get(`${prefix}:message:${text}`));
    return its;
  }
  const server = createServer(async (request, response) => {
    const id = request.url.slice(1);
    const { ways, clear, close } = await (connecting ??= connect());
    if (id === 'end') {
      await clear([...keys]);
      await close();
      response.end();
      server.close();
      return;
    }
    const key = `${prefix}:${id}`;
    keys.add(key);
    for (const [name, way] of Object.entries(ways)) await profiler.trace(name, () => way(key, id));
    response.end(Object.keys(ways).join());
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
};
