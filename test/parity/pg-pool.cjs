const { failed, listeners, own, settled, thrown, told, until } = require('./databases/looks.cjs');

exports.title = 'pg: pools, transactions, timeouts, connections that fail';
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
    withPool(seen, { max: 1, connectionTimeoutMillis: 150 }, async (pool) => {
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

  'a server that is not there': async (seen) => {
    const nowhere = { host: '127.0.0.1', port: 1 };
    await withPool(seen, nowhere, async (pool, pg) => {
      await settled(seen, 'pool', pool.query('SELECT 1'));
      await settled(seen, 'connect', pool.connect());
      await told(seen, 'callback', (done) => own.run('caller', () => pool.connect(done)));
      const client = new pg.Client(nowhere);
      await settled(seen, 'client', client.connect());
      await settled(seen, 'a query of it', client.query('SELECT 1'));
      await told(seen, 'client callback', (done) =>
        own.run('caller', () => new pg.Client(nowhere).connect(done)),
      );
    });
  },

  'a database, a user and a password that are wrong': async (seen) => {
    const pg = require('pg');
    for (const options of [{ database: 'parity_nowhere' }, { user: 'parity_nobody' }]) {
      await settled(seen, 'pool', new pg.Pool(options).query('SELECT 1'));
      await settled(seen, 'client', new pg.Client(options).connect());
    }
    const password = () => fail();
    await settled(
      seen,
      'connection string',
      new pg.Client({ connectionString: 'postgres://127.0.0.1:1/x' }).connect(),
    );
    thrown(seen, 'broken string', () => new pg.Client({ connectionString: 'postgresql://[' }));
    const client = new pg.Client({ password });
    await client.connect();
    seen('not asked for a password', client.password === password);
    await client.end();
  },

  'a client that is used in the wrong order': async (seen) => {
    const { Client } = require('pg');
    const client = new Client();
    const early = client.query('SELECT 1 AS n');
    await client.connect();
    await settled(seen, 'before connect', early);
    await settled(seen, 'connected twice', client.connect());
    await told(seen, 'connected twice, callback', (done) => client.connect(done));
    client.once('end', () => seen('end', own.getStore()));
    await settled(seen, 'end', client.end());
    await settled(seen, 'ended', client.query('SELECT 1'));
    await told(seen, 'ended, callback', (done) => client.query('SELECT 1', done));
    await settled(seen, 'ended twice', client.end());
    await settled(seen, 'connected again', client.connect());
    await told(seen, 'callback', (done) => new Client().end(done));
  },

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

  'a connection that the server ends': (seen) =>
    withPool(
      seen,
      { max: 2 },
      async (pool) => {
        const [victim, other] = [await pool.connect(), await pool.connect()];
        const kill = ({ processID }) => other.query('SELECT pg_terminate_backend($1)', [processID]);
        const died = new Promise((resolve) =>
          victim.on('error', (error) => {
            // Of the end of the connection, or of a write to it.
            seen('error of the client', [error.constructor.name, own.getStore()]);
            resolve();
          }),
        );
        const running = failed(seen, 'the running query', victim.query('SELECT pg_sleep(5)'));
        await Promise.all([running, died, kill(victim)]);
        await settled(seen, 'another query', victim.query('SELECT 1'));
        victim.release();
        const idle = await pool.connect();
        idle.release();
        const removed = new Promise((resolve) => pool.once('error', (...args) => resolve(args)));
        await kill(idle);
        const [error, client] = await removed;
        seen('error of the pool', [error.message, error.code, client === idle, error.client === idle]);
        other.release();
        await settled(seen, 'afterwards', pool.query('SELECT 1 AS n'));
      },
      false,
    ),

  'queries that take too long or are cancelled': async (seen) => {
    const { Client, Query } = require('pg');
    const [client, other] = [new Client({ statement_timeout: 50 }), new Client()];
    await Promise.all([client.connect(), other.connect()]);
    await settled(seen, 'statement_timeout', client.query('SELECT pg_sleep(5)'));
    await client.query('SET statement_timeout TO 0');
    const late = { text: 'SELECT pg_sleep(5)', query_timeout: 20 };
    // pg gives up waiting, and goes on when the server has answered all the same.
    const begun =
      "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%sleep(5)' AND state = 'active'";
    const cancel = async () => {
      while ((await other.query(begun, [client.processID])).rowCount === 0);
      await other.query('SELECT pg_cancel_backend($1)', [client.processID]);
      await client.query('SELECT 1');
    };
    await settled(seen, 'query_timeout', client.query(late));
    await cancel();
    await told(seen, 'query_timeout, callback', (done) => own.run('caller', () => client.query(late, done)));
    await cancel();
    const query = new Query(late.text, (error) => seen('a query of ours', error?.message));
    client.query(Object.assign(query, { query_timeout: 20 }));
    await until(() => query.callback.length === 0);
    await cancel();
    await settled(seen, 'in time', client.query({ text: 'SELECT 1 AS n', query_timeout: 2000 }));
    const asleep = failed(seen, 'cancelled', client.query('SELECT pg_sleep(5)'));
    await cancel();
    await asleep;
    await settled(seen, 'afterwards', client.query('SELECT 2 AS n'));
    await Promise.all([client.end(), other.end()]);
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
