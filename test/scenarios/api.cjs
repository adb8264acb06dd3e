// The API as an application uses it; prints what each call gave.
module.exports = async function api({ profiler }) {
  const results = {};
  const headers = () => Object.keys(profiler.traceHeaders());
  results.outside = [profiler.get() === undefined, headers()];
  profiler.start('nothing');
  profiler.stop();
  profiler.clean();
  results.sync = profiler.trace('before', () => 1);

  const ids = {
    base_id: '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4',
    parent_id: '06320327-2c2c-45ae-923a-515de890276a',
  };
  await (async () => {
    profiler.init('test-key', ids);
    const position = profiler.get();
    results.init = position && [position.base_id, position.parent_id, position.id];
    results.headers = headers();
    profiler.start('outer-point', { step: 1 });
    await null;
    profiler.start('inner');
    profiler.stop({ done: true });
    profiler.stop();
    results.trace = await profiler.trace('async', { more: 'info' }, async () => {
      await null;
      return profiler.trace('nested', () => 2);
    });
    const failing = (body) => {
      try {
        return Promise.resolve(body()).catch((error) => error.message);
      } catch (error) {
        return error.message;
      }
    };
    results.throws = await failing(() =>
      profiler.trace('throws', () => {
        throw new TypeError('sync');
      }),
    );
    results.rejects = await failing(() =>
      profiler.trace('rejects', async () => Promise.reject(new TypeError('async'))),
    );
    const add = profiler.traced('rpc', { hideResult: false })(function add(a, b) {
      return a + b;
    });
    results.traced = [add(1, 2), add.name, add.length];
    const nothing = profiler.traced('rpc', { hideArgs: true })(function nothing() {
      results.calls = (results.calls ?? 0) + 1;
    });
    nothing('secret');
    const Repository = profiler.tracedClass('repository')(
      class Repository {
        static make() {
          return new Repository();
        }
        get size() {
          return 3;
        }
        find(id) {
          return this._load(id);
        }
        _load(id) {
          return { id, size: this.size };
        }
      },
    );
    results.tracedClass = Repository.make().find(4);
    const Private = profiler.tracedClass('private', { tracePrivate: true })(
      class Private {
        _load() {}
      },
    );
    new Private()._load();
    profiler.trace(
      'odd',
      {
        cycle: profiler,
        big: 1n,
        nan: NaN,
        f() {},
        bad: {
          toJSON: () => {
            throw new Error();
          },
        },
      },
      () => {},
    );
    profiler.clean();
    results.cleaned = [profiler.get() === undefined, headers()];
    profiler.trace('after', () => {});
  })();
  try {
    profiler.init('test-key', { base_id: '../../etc/passwd' });
    results.badId = 'accepted';
  } catch (error) {
    results.badId = error.constructor.name;
  }
  console.log(JSON.stringify(results));
};

if (require.main === module) module.exports(require('ostrace'));
