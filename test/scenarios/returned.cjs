// What functions return stays the very object while they are traced; prints what the application sees.
const { profiler } = require('ostrace');

async function main() {
  let queries = 0;
  const results = {};
  const builder = (outcome) => ({
    where() {
      return this;
    },
    // oxlint-disable-next-line unicorn/no-thenable
    then(...handlers) {
      queries++;
      return outcome().then(...handlers);
    },
  });
  const same = (name, value) => {
    const got = profiler.trace(name, () => value);
    results[name] = [got === value, Object.keys(got).join()];
    return got;
  };
  results.value = await same(
    'query',
    builder(async () => 1),
  ).where();
  results.error = await same(
    'query failed',
    builder(async () => {
      throw new TypeError('no');
    }),
  ).then(undefined, (error) => error.message);
  same(
    'query never run',
    builder(async () => 1),
  );
  results.queries = queries;

  const child = Object.assign(Promise.resolve(2), { pid: 5 });
  results.child = await same('child', child);
  results.childAgain = [await child, Object.getOwnPropertyNames(child), child.constructor === Promise];
  const failing = Object.assign(Promise.reject(new TypeError('gone')), { pid: 5 });
  results.failed = await same('child failed', failing).catch((error) => error.message);
  class Own extends Promise {}
  results.subclass = await same('subclass', Own.resolve(3));
  const frozen = Object.freeze(Object.assign(Promise.resolve(4), { pid: 6 }));
  results.frozen = await same('frozen', frozen);
  results.proxy = await same(
    'proxy',
    new Proxy(
      builder(async () => 5),
      {
        defineProperty() {
          throw new Error('no');
        },
      },
    ),
  );
  profiler.trace(
    'thrower',
    () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error('no');
          },
        },
      ),
  );
  results.plain = await profiler.trace('plain', async () => 6);

  const unhandled = new Promise((resolve) => {
    process.once('unhandledRejection', (error) => resolve(error.message));
  });
  same('unhandled', Object.assign(Promise.reject(new Error('seen')), { pid: 7 }));
  results.unhandled = await unhandled;

  // What JavaScript may pass.
  results.names = [profiler.trace(undefined, () => 1), profiler.trace(5, () => 2)];
  profiler.start(Symbol('s'));
  profiler.stop();
  profiler.start({
    toString() {
      throw new Error('no');
    },
  });
  profiler.stop();
  const thrower = {
    get a() {
      throw new Error('no');
    },
  };
  const proxy = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('no');
      },
    },
  );
  results.infos = [thrower, proxy].map((info) => [
    profiler.trace('info', info, () => 1),
    profiler.traced('info', { info })(() => 2)(),
  ]);
  profiler.start('info', thrower);
  profiler.stop(proxy);
  results.init = [undefined, '', 5].map((key) => {
    try {
      profiler.init(key);
      return 'accepted';
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  });
  console.log(JSON.stringify(results));
}

main();
