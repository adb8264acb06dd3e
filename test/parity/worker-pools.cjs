const { AsyncLocalStorage } = require('node:async_hooks');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { listeners } = require('./parts/threads.cjs');

exports.title = 'worker_threads: pools (piscina, tinypool)';
exports.points = ['thread', 'thread_main', 'rpc'];

const filename = join(__dirname, 'parts/task.cjs');
const settings = {
  filename,
  minThreads: 1,
  maxThreads: 1,
  execArgv: ['--no-warnings'],
  env: { OWN: 'own' },
  argv: ['a'],
  workerData: { a: 1 },
};

/** What both pools can do. */
async function use(seen, pool) {
  const storage = new AsyncLocalStorage();
  const shown = await pool.run({ what: 'look' });
  seen('inside', shown);
  const many = await Promise.all(
    [1, 2, 3].map((value) =>
      storage.run(value, async () => {
        const answer = await pool.run({ what: 'echo', value });
        return [answer, storage.getStore()];
      }),
    ),
  );
  seen('many', many);
  seen('an error', await pool.run({ what: 'throw' }).catch((error) => error));
  const value = new ArrayBuffer(4);
  seen('transferred', [await pool.run({ value }, { transferList: [value] }), value.byteLength]);
  seen('by name', await pool.run(5, { name: 'named' }));
  const controller = new AbortController();
  const spinning = pool.run({ what: 'spin' }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  seen('aborted', await spinning.catch(({ name, message }) => [name, message]));
  const aborted = AbortSignal.abort();
  seen(
    'aborted before',
    await pool.run({ what: 'echo' }, { signal: aborted }).catch(({ name, message }) => [name, message]),
  );
  seen('after it', await pool.run({ what: 'echo' }));
  seen(
    'threads',
    pool.threads.map((thread) => [thread instanceof Worker, thread.constructor === Worker]),
  );
  seen('destroyed', await pool.destroy());
  seen('listeners', listeners(pool));
}

exports.cases = {
  piscina: async (seen) => {
    const { Piscina } = require('piscina');
    const pool = new Piscina(settings);
    seen('options', pool.options.execArgv);
    await use(seen, pool);
    const inherited = new Piscina({ filename, maxThreads: 1 });
    const [, , , execArgv] = await inherited.run({ what: 'look' });
    seen('inherited', execArgv.join() === process.execArgv.join());
    seen('a thread that exits', await inherited.run({ what: 'exit' }).catch(({ message }) => message));
    await inherited.close();
  },

  tinypool: async (seen) => {
    const { Tinypool } = await import('tinypool');
    const pool = new Tinypool(settings);
    await use(seen, pool);
    const isolated = new Tinypool({ filename, maxThreads: 1, isolateWorkers: true });
    seen('isolated', [
      await isolated.run({ what: 'echo', value: 1 }),
      await isolated.run({ what: 'echo', value: 2 }),
    ]);
    await isolated.destroy();
    const processes = new Tinypool({
      filename,
      runtime: 'child_process',
      minThreads: 1,
      maxThreads: 1,
      execArgv: [],
    });
    seen('as processes', await processes.run({ what: 'echo', value: 'p' }));
    await processes.destroy();
  },
};
