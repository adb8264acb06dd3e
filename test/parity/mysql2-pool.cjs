const { failed, listeners, own, thrown } = require('./databases/looks.cjs');
const { options, settled, shown, told } = require('./databases/mysql.cjs');

exports.title = 'mysql2: pools, clusters, transactions';
exports.points = ['db', 'sql'];

/** Runs a body with a pool whose events are recorded. */
async function withPool(seen, more, body) {
  const mysql = require('mysql2');
  const pool = mysql.createPool({ ...options, ...more });
  const order = [];
  for (const event of ['connection', 'acquire', 'enqueue', 'release']) {
    pool.on(event, function (...args) {
      order.push([event, this === pool, own.getStore(), args.map((arg) => arg.constructor.name)]);
    });
  }
  await body(pool, mysql);
  await told(seen, 'end', (done) => own.run('ender', () => pool.end(done)));
  seen('events', order);
  seen('listeners', listeners(pool));
}

const text = 'SELECT ? AS n';

exports.cases = {
  'queries by callback, events and promise': (seen) =>
    withPool(seen, { connectionLimit: 1 }, async (pool) => {
      for (const method of ['query', 'execute']) {
        const ask = (...args) => own.run('caller', () => pool[method](...args));
        await told(seen, 'sql, values', (done) => ask(text, [1], done));
        await told(seen, 'sql', (done) => ask('SELECT 2 AS n', done));
        await told(seen, 'options', (done) => ask({ sql: text, values: [3] }, [3], done));
        await told(seen, 'error', (done) => ask('SELECT nothing', [], done));
        await told(seen, 'a value that throws', (done) => ask(text, [undefined], done));
      }
      const query = own.run('caller', () => pool.query(text, [4]));
      for (const event of ['fields', 'result', 'end']) {
        query.on(event, (...args) => seen(event, [own.getStore(), shown(args)]));
      }
      await new Promise((resolve) => query.once('end', resolve));
      const failing = own.run('caller', () => pool.query('SELECT nothing'));
      failing.on('error', (error) => seen('error', [own.getStore(), error]));
      await new Promise((resolve) => failing.once('end', resolve));
      const promised = pool.promise();
      seen('a new one each time', pool.promise() === promised);
      for (const method of ['query', 'execute']) {
        await settled(seen, 'by promise', promised[method](text, [5]));
        await settled(seen, 'error', promised[method]('SELECT nothing'));
        thrown(seen, 'a callback', () => promised[method](text, () => {}));
      }
    }),

  'more queries than connections': (seen) =>
    withPool(seen, { connectionLimit: 1 }, async (pool) => {
      const promised = pool.promise();
      const order = [];
      const ask = (n) =>
        own.run(n, async () => {
          const [rows] = await promised.query(text, [n]);
          order.push([rows, own.getStore()]);
        });
      await Promise.all([1, 2, 3, 4].map(ask));
      seen('order', order);
    }),

  'checkouts and transactions': (seen) =>
    withPool(seen, { connectionLimit: 1 }, async (pool, mysql) => {
      const [, connection] = await told(seen, 'connection', (done) =>
        own.run('caller', () => pool.getConnection(done)),
      );
      seen('its class', [connection instanceof mysql.PoolConnection, connection instanceof mysql.Connection]);
      const waiting = told(seen, 'waiting', (done) => own.run('waiting', () => pool.getConnection(done)));
      connection.release();
      connection.release();
      const [, again] = await waiting;
      seen('the same', again === connection);
      again.release();
      const promised = await pool.promise().getConnection();
      await settled(seen, 'begin', promised.beginTransaction());
      await settled(seen, 'create', promised.query('CREATE TEMPORARY TABLE parity_t (n INT) ENGINE InnoDB'));
      await settled(seen, 'insert', promised.execute('INSERT INTO parity_t VALUES (?), (?)', [1, 2]));
      await settled(seen, 'rollback', promised.rollback());
      await settled(seen, 'gone', promised.query('SELECT count(*) AS n FROM parity_t'));
      await settled(seen, 'commit', promised.commit());
      promised.release();
      const third = await pool.promise().getConnection();
      seen('kept', third.connection === connection);
      third.destroy();
      await settled(seen, 'another', pool.promise().query('SELECT 2 AS n'));
    }),

  'pools that do not wait': async (seen) => {
    await withPool(seen, { connectionLimit: 1, waitForConnections: false }, async (pool) => {
      const connection = await pool.promise().getConnection();
      await failed(seen, 'promise', pool.promise().query(text, [1]));
      await told(seen, 'callback', (done) => own.run('caller', () => pool.query(text, [1], done)));
      await told(seen, 'execute', (done) => own.run('caller', () => pool.execute(text, [1], done)));
      await told(seen, 'getConnection', (done) => own.run('caller', () => pool.getConnection(done)));
      const query = own.run('caller', () => pool.query(text, [1]));
      await new Promise((resolve) =>
        query.once('error', (error) => resolve(seen('event', [own.getStore(), error]))),
      );
      connection.release();
    });
    await withPool(seen, { connectionLimit: 1, queueLimit: 1 }, async (pool) => {
      const connection = await pool.promise().getConnection();
      const waiting = pool.promise().query(text, [2]);
      await told(seen, 'queue limit', (done) => void pool.query(text, [3], done));
      await settled(seen, 'by promise', pool.promise().getConnection());
      connection.release();
      await settled(seen, 'the one that waited', waiting);
    });
  },

  'a pool after its end': async (seen) => {
    const mysql = require('mysql2');
    const pool = mysql.createPool(options);
    await pool.promise().query('SELECT 1');
    const waiting = mysql.createPool({ ...options, connectionLimit: 1 });
    const connection = await waiting.promise().getConnection();
    const left = failed(seen, 'left waiting', waiting.promise().query(text, [1]));
    waiting.end();
    await left;
    connection.release();
    await settled(seen, 'end', pool.promise().end());
    await told(seen, 'query', (done) => own.run('caller', () => pool.query(text, [1], done)));
    await told(seen, 'getConnection', (done) => own.run('caller', () => pool.getConnection(done)));
    await settled(seen, 'by promise', pool.promise().execute(text, [1]));
    await told(seen, 'ended again', (done) => pool.end(done));
  },

  'reset, users and what the pool keeps': (seen) =>
    withPool(
      seen,
      { connectionLimit: 1, resetOnRelease: true, maxIdle: 0, idleTimeout: 10 },
      async (pool) => {
        const connection = await pool.promise().getConnection();
        await connection.query('SET @parity = 5');
        connection.release();
        await settled(seen, 'reset', pool.promise().query('SELECT @parity AS n'));
        const again = await pool.promise().getConnection();
        await settled(seen, 'changeUser', again.changeUser({ database: options.database }));
        again.destroy();
        await settled(seen, 'afterwards', pool.promise().query('SELECT 1 AS n'));
      },
    ),

  'a cluster': async (seen) => {
    const mysql = require('mysql2');
    const cluster = mysql.createPoolCluster({ removeNodeErrorCount: 1, defaultSelector: 'ORDER' });
    for (const event of ['remove', 'warn', 'offline', 'online']) {
      cluster.on(event, (what) => seen(event, [own.getStore(), what?.code ?? what]));
    }
    cluster.add('good1', { ...options, connectionLimit: 1 });
    cluster.add('good2', { ...options, connectionLimit: 1 });
    // One that is busy: mysql2 throws when it removes one that it can't reach.
    cluster.add('bad', { ...options, connectionLimit: 1, waitForConnections: false });
    const named = async (label, call) => {
      const [error, connection] = await told(seen, label, (done) => own.run('caller', () => call(done)));
      seen(`${label}, of`, [error?.code, connection?._clusterId]);
      connection?.release();
    };
    await named('any', (done) => cluster.getConnection(done));
    await named('a pattern', (done) => cluster.getConnection('good*', 'RR', done));
    await named('the next', (done) => cluster.getConnection('good*', 'RR', done));
    await named('none', (done) => cluster.getConnection('nowhere', done));
    await new Promise((resolve) => cluster.getConnection('bad', resolve));
    await named('a bad one', (done) => cluster.getConnection('bad', done));
    await named('it is gone', (done) => cluster.getConnection('bad', done));
    const group = cluster.of('good*', 'RR');
    seen('a group', [cluster.of('good*', 'RR') === group, Object.keys(group)]);
    for (const method of ['query', 'execute']) {
      const ask = (...args) => own.run('caller', () => group[method](...args));
      await told(seen, method, (done) => ask(text, [1], done));
      await told(seen, `${method}, error`, (done) => ask('SELECT nothing', [], done));
    }
    const query = own.run('caller', () => group.query(text, [2]));
    query.on('result', (row) => seen('event', [own.getStore(), row]));
    await new Promise((resolve) => query.once('end', resolve));
    cluster.remove('good1');
    await named('the other', (done) => cluster.getConnection(done));
    await told(seen, 'end', (done) => cluster.end(done));
  },

  'a cluster of promises': async (seen) => {
    const promises = require('mysql2/promise');
    const cluster = promises.createPoolCluster({
      removeNodeErrorCount: 1,
      restoreNodeTimeout: 60_000,
      canRetry: true,
    });
    cluster.on('warn', (error) => seen('warn', error.code));
    cluster.on('offline', (id) => seen('offline', id));
    cluster.add('bad', { ...options, port: 1 });
    cluster.add('good', { ...options, connectionLimit: 1 });
    const connection = await cluster.getConnection('*', 'ORDER');
    seen('a connection', [connection.constructor.name, connection.connection._clusterId]);
    await settled(seen, 'query', connection.query(text, [1]));
    connection.release();
    const group = cluster.of('good');
    await settled(seen, 'of a group', group.query(text, [2]));
    await settled(seen, 'executed', group.execute(text, [3]));
    await settled(seen, 'error', group.query('SELECT nothing'));
    await settled(seen, 'end', cluster.end());
  },
};
