const { failed, listeners, own, settled, thrown, told, until } = require('./databases/looks.cjs');

exports.title = 'pg: pools, transactions, what waits for a client';
exports.points = ['db', 'sql'];

/** Runs a body with a pool whose events are recorded; not where two connections decide on their order. */
async function withPool(seen, options, body, hasOrder = true) {
  const pg = require('pg');
  const pool = new pg.Pool(options);
  const order = [];
  const removed = [];
  // A client is gone when its connection is: that may be after the next one's first events.
  pool.on('remove', (client) => removed.push(`${client instanceof pg.Client} ${own.getStore()}`));
  for (const event of ['connect', 'acquire', 'release', 'error']) {
    pool.on(event, function (...args) {
      const shown = args.map((arg) => (arg instanceof Error ? arg.message : arg?.constructor.name));
      order.push([event, this === pool, own.getStore(), shown, counts(pool)]);
    });
  }
  try {
    await body(pool, pg);
  } finally {
    await pool.end();
    await until(() => removed.length === order.filter(([event]) => event === 'connect').length);
    if (hasOrder) seen('events', { order, removed: removed.toSorted((a, b) => a.localeCompare(b)) });
    seen('at the end', [counts(pool), pool.ended, listeners(pool)]);
  }
}

const counts = ({ totalCount, idleCount, waitingCount, expiredCount }) =>
  [totalCount, idleCount, waitingCount, expiredCount].join();

exports.cases = {
  'queries by promise and callback': (seen) =>
    withPool(seen, { max: 1 }, async (pool) => {
      const text = 'SELECT $1::int AS n';
      await settled(seen, 'promise', pool.query(text, [1]));
      await settled(seen, 'error', pool.query('SELECT nothing'));
      await settled(seen, 'config', pool.query(Object.freeze({ text, values: [2] })));
      await settled(
        seen,
        'a function',
        pool.query(() => {}),
      );
      const query = (...args) => own.run('caller', () => pool.query(...args));
      await told(seen, 'callback', (done) => query(text, [3], done));
      await told(seen, 'text', (done) => query('SELECT 4 AS n', done));
      await told(seen, 'config and callback', (done) => query({ text }, [5], done));
      await told(seen, 'callback error', (done) => query('SELECT nothing', done));
      await told(seen, 'null', (done) => query(null, done));
      await settled(seen, 'null', pool.query(null));
      await settled(seen, 'a value that throws', pool.query(text, [{ toPostgres: () => fail() }]));
    }),

  'more queries than clients': async (seen) => {
    const atOnce = async (pool) => {
      const order = [];
      const all = [1, 2, 3, 4, 5].map((n) =>
        own.run(n, async () => {
          const { rows } = await pool.query('SELECT $1::int AS n', [n]);
          order.push([rows[0].n, own.getStore()]);
        }),
      );
      seen('waiting', counts(pool));
      await Promise.all(all);
      return order;
    };
    await withPool(seen, { max: 1 }, async (pool) => seen('order', await atOnce(pool)));
    const sorted = async (pool) =>
      seen(
        'of two',
        (await atOnce(pool)).toSorted(([a], [b]) => a - b),
      );
    await withPool(seen, { max: 2 }, sorted, false);
  },

  checkouts: (seen) =>
    withPool(seen, { max: 1 }, async (pool, pg) => {
      const client = await pool.connect();
      seen('client', [client instanceof pg.Client, client.release.length, counts(pool)]);
      const waiting = own.run('waiting', () => pool.connect());
      seen('waiting', [waiting, counts(pool)]);
      client.release();
      const again = await waiting;
      seen('the same client', again === client);
      await settled(seen, 'query', again.query('SELECT 1 AS n'));
      again.release(true);
      thrown(seen, 'released twice', () => again.release());
      await own
        .run('callback', () =>
          told(
            (label, { args: [error, given, release], ...rest }) => {
              seen(label, [error, given === client, release === given.release, rest]);
            },
            'callback',
            (done) => pool.connect(done),
          ),
        )
        .then(([, , release]) => release());
      const broken = await pool.connect();
      broken.release(new Error('given back with'));
      await until(() => pool.totalCount === 0);
    }),

  'a transaction': (seen) =>
    withPool(seen, { max: 1 }, async (pool) => {
      const client = await pool.connect();
      const status = () => client.getTransactionStatus();
      await client.query('BEGIN');
      seen('begun', status());
      await client.query('CREATE TEMPORARY TABLE parity_t (n int)');
      await settled(seen, 'insert', client.query('INSERT INTO parity_t VALUES ($1), ($2)', [1, 2]));
      await settled(seen, 'error', client.query('SELECT nothing'));
      await settled(seen, 'aborted', client.query('SELECT 1'));
      seen('failed', status());
      await client.query('ROLLBACK');
      await settled(seen, 'gone', client.query('SELECT * FROM parity_t'));
      await client.query('SELECT 1');
      seen('over', status());
      client.release();
    }),

  'no client in time': (seen) =>
    withPool(seen, { max: 1, connectionTimeoutMillis: 200 }, async (pool) => {
      const client = await pool.connect();
      const all = own.run('caller', () => [
        failed(seen, 'connect', pool.connect()),
        failed(seen, 'query', pool.query('SELECT 1')),
        told(seen, 'callback', (done) => pool.connect(done)),
        told(seen, 'query callback', (done) => pool.query('SELECT 1', done)),
      ]);
      seen('counts', counts(pool));
      await Promise.all(all);
      seen('counts afterwards', counts(pool));
      client.release();
    }),

  'a pool that is used after its end': async (seen) => {
    const { Pool } = require('pg');
    const pool = new Pool();
    await pool.query('SELECT 1');
    await settled(seen, 'end', pool.end());
    await settled(seen, 'query', pool.query('SELECT 1'));
    await settled(seen, 'connect', pool.connect());
    await told(seen, 'query callback', (done) => pool.query('SELECT 1', done));
    await told(seen, 'connect callback', (done) => pool.connect(done));
    await settled(seen, 'ended twice', pool.end());
  },

  'the life of a pool’s clients': async (seen) => {
    const connected = [];
    const options = {
      max: 1,
      maxUses: 2,
      idleTimeoutMillis: 10,
      log: (message) => typeof message,
      onConnect: async (client) => connected.push((await client.query('SELECT 1 AS n')).rows),
      verify: (client, done) => client.query('SELECT 2 AS n', (error) => done(error)),
    };
    await withPool(seen, options, async (pool) => {
      for (const n of [1, 2, 3]) await pool.query('SELECT $1::int', [n]);
      await until(() => pool.totalCount === 0);
      seen('connected', connected);
    });
    const failing = { max: 1, verify: (client, done) => done(new Error('not this one')) };
    await withPool(seen, failing, (pool) => settled(seen, 'verify fails', pool.query('SELECT 1')));
    const hooked = { max: 1, onConnect: () => fail() };
    await withPool(seen, hooked, (pool) => settled(seen, 'onConnect fails', pool.query('SELECT 1')));
  },
};

function fail() {
  throw new Error('of the application');
}
