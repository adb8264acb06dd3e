// Asks Redis by node-redis in the styles that every supported version has; prints what came back. Each style is a
// point of its own, and so is what a callback does: it shows where the callback ran.
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { profiler } = require('ostrace');

module.exports = async function calls({ redis }) {
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
  const busy = (ms) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  const url = process.env.REDIS_URL;
  const key = `ostrace-test-${process.pid}`;
  // Not every version has `defineScript` where users find it.
  const SCRIPT = `return redis.call("get", KEYS[1]) * 2 -- ${key}`;
  const twice = {
    NUMBER_OF_KEYS: 1,
    SCRIPT,
    SHA1: createHash('sha1').update(SCRIPT).digest('hex'),
    // 4 has the first of these, 5 and newer the second.
    transformArguments: (name) => [name],
    parseCommand: (parser, name) => parser.pushKey(name),
    transformReply: (reply) => reply,
  };

  const client = redis.createClient({ url, scripts: { twice } });
  const queued = client.set(key, '0').catch((error) => error.constructor.name);
  await style('before it is opened', () => queued);
  await style('connect', async () => (await Promise.all([client.connect(), once(client, 'ready')])).length);
  await style('set', () => client.set(key, '1'));
  await style('in capitals', () => client.GET(key));
  await style('by its name', () => client.sendCommand(['GET', key]));
  await style('at once', () => Promise.all([client.incr(key), client.incr(key)]));
  await style('pipeline', () => client.multi().get(key).incr(key).execAsPipeline());
  await style('transaction', () => client.multi().get(key).incr(key).exec());
  await style('transaction that another one overtakes', async () => {
    await client.watch(key);
    await client.incr(key);
    return client.multi().get(key).exec();
  });
  await style('error', () => client.hGet(key, 'field'));
  await style('transaction with an error', () => client.multi().hGet(key, 'field').get(key).exec());
  await style('wrong argument', () => client.set(key, {}));
  await style('script', async () => [typeof (await client.scriptLoad(SCRIPT)), await client.twice(key)]);
  await style('select', async () => {
    await client.select(new URL(url).pathname.slice(1) || 0);
    return client.get(key);
  });
  await style('blocking', () => client.brPop(`${key}-list`, 0.01));
  await style('scan', async () => {
    const members = [];
    await client.sAdd(`${key}-set`, 'member');
    for await (const found of client.sScanIterator(`${key}-set`)) members.push(found);
    return members.flat();
  });
  await style('aborted', async () => {
    const aborted = AbortSignal.abort();
    if (client.withAbortSignal === undefined) {
      return client.get(redis.commandOptions({ signal: aborted }), key);
    }
    return client.withAbortSignal(aborted).get(key);
  });

  // What waits until the client is ready is sent from the connection's events.
  const late = client.duplicate();
  late.on('error', () => {});
  await style('before it is ready', async () => {
    const opening = late.connect();
    const values = Promise.all([late.get(key), late.incr(key)]);
    busy(5);
    await opening;
    return values;
  });

  // A caller who gives a client back makes room for the next caller, who may be another one.
  const isPool = client.createPool !== undefined;
  const pool = isPool
    ? client.createPool({ minimum: 1, maximum: 1 })
    : redis.createClient({ url, isolationPoolOptions: { max: 1 } });
  await pool.connect();
  const isolated = (body) => (isPool ? pool.execute(body) : pool.executeIsolated(body));
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      style(`pooled ${name}`, () => isolated(async (one) => [await one.get(key), await one.get(key)])),
    ),
  );
  await style('pooled command', () =>
    isPool ? pool.get(key) : pool.get(redis.commandOptions({ isolated: true }), key),
  );
  await style('pooled transaction', () => pool.multi().get(key).exec());
  await (isPool ? pool.close() : pool.quit());

  const subscriber = client.duplicate();
  await subscriber.connect();
  let told;
  const message = new Promise((resolve) => (told = resolve));
  await style('subscribe', async () =>
    String(await subscriber.subscribe(`${key}-channel`, (text) => told(text))),
  );
  await style('publish', async () => [await client.publish(`${key}-channel`, 'hello'), await message]);
  await style('unsubscribe', async () => String(await subscriber.unsubscribe(`${key}-channel`)));
  await subscriber.quit();

  await client.del([key, `${key}-set`]);
  await style('quit', async () => String(await client.quit()));
  await style('closed', () => client.get(key));
  await (late.destroy ?? late.disconnect).call(late);
  process.stdout.write(JSON.stringify(results));
};
