// Asks Redis in the styles that every supported ioredis has; prints what came back. Each style is a point of its own,
// and so is what a callback does: it shows where the callback ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ Redis }) {
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
  const callback = (start) =>
    new Promise((resolve, reject) =>
      start((error, value) => profiler.trace('callback', () => (error ? reject(error) : resolve(value)))),
    );
  const url = process.env.REDIS_URL;
  const key = `ostrace-test-${process.pid}`;

  const client = new Redis(url);
  await style('connect', () => new Promise((resolve) => client.once('ready', () => resolve('ready'))));
  await style('promise', () => client.set(key, '1'));
  await style('callback', () => callback((done) => client.get(key, done)));
  await style('buffers', async () => String(await client.getBuffer(key)));
  await style('by its name', () => client.call('GET', key));
  await style('at once', () => Promise.all([client.incr(key), client.incr(key)]));
  await style('pipeline', () => client.pipeline().get(key).incr(key).exec());
  await style('pipeline, callback', () => callback((done) => client.pipeline([['get', key]]).exec(done)));
  await style('transaction', () => client.multi().get(key).incr(key).exec());
  await style('transaction by hand', async () => [
    await client.multi({ pipeline: false }),
    await client.get(key),
    await client.exec(),
  ]);
  await style('error', () => client.hget(key, 'field'));
  await style('pipeline error', async () => {
    const [[error]] = await client.pipeline().hget(key, 'field').get(key).exec();
    throw error;
  });
  await style('script', async () => {
    // The server does not know it yet.
    const lua = `return redis.call("get", KEYS[1]) * 2 -- ${key}`;
    client.defineCommand('twice', { numberOfKeys: 1, lua });
    return [await client.twice(key), await client.twice(key)];
  });
  await style('blocking', () => client.brpop(`${key}-list`, 0.01));
  await style('scan', async () => {
    const members = [];
    await client.sadd(`${key}-set`, 'member');
    for await (const found of client.sscanStream(`${key}-set`)) members.push(...found);
    return members;
  });

  // What waits until the client is ready is sent from the connection's events.
  const late = new Redis(url, { lazyConnect: true });
  await style('before it is ready', () => {
    const values = Promise.all([late.get(key), late.incr(key)]);
    const until = performance.now() + 5;
    while (performance.now() < until);
    return values;
  });
  late.disconnect();

  // Each command is its caller's, though one pipeline sends them all.
  const together = new Redis(url, { enableAutoPipelining: true });
  await together.ping();
  await Promise.all(['a', 'b', 'c'].map((name) => style(`auto pipelining ${name}`, () => together.get(key))));
  together.disconnect();

  const subscriber = new Redis(url);
  await style('subscribe', () => subscriber.subscribe(`${key}-channel`));
  await style('publish', async () => {
    const message = new Promise((resolve) => subscriber.once('message', (_channel, text) => resolve(text)));
    return [await client.publish(`${key}-channel`, 'hello'), await message];
  });
  subscriber.disconnect();

  const closed = new Redis(url, { lazyConnect: true });
  closed.disconnect();
  await style('closed', () => closed.get(key));

  await client.del(key, `${key}-set`);
  await style('quit', () => client.quit());
  process.stdout.write(JSON.stringify(results));
};
