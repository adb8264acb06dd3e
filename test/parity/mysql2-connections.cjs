const { once } = require('node:events');
const net = require('node:net');
const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { failed, listeners, own } = require('./databases/looks.cjs');
const { options, settled, told, watch, withConnection } = require('./databases/mysql.cjs');

exports.title = 'mysql2: streams, and connections that fail';
exports.points = ['db', 'sql'];

const series = (to) => `SELECT seq AS n FROM seq_1_to_${to}`;

/** Waits until a connection is in a statement, and ends it or the statement. */
async function kill(what, threadId) {
  const promises = require('mysql2/promise');
  const other = await promises.createConnection(options);
  const begun = "SELECT 1 FROM information_schema.processlist WHERE id = ? AND info LIKE 'SELECT SLEEP%'";
  while ((await other.query(begun, [threadId]))[0].length === 0);
  await other.query(`KILL ${what} ?`, [threadId]);
  await other.end();
}

exports.cases = {
  'a stream of rows': (seen) =>
    withConnection(async (connection) => {
      for (const [label, make] of [
        ['query', () => connection.query(series(3)).stream()],
        ['execute', () => connection.execute(series(3)).stream({ highWaterMark: 1 })],
      ]) {
        const stream = own.run(label, make);
        watch(seen, label, stream, ['data', 'fields', 'end', 'close', 'error']);
        seen('listeners', listeners(stream));
        await once(stream, 'close');
        seen('at the end', [stream.destroyed, stream.readableEnded, stream.readableHighWaterMark]);
      }
      const iterated = [];
      for await (const row of connection.query(series(20)).stream({ highWaterMark: 2 })) iterated.push(row.n);
      seen('iterated', iterated);
      const rows = [];
      const slow = new Transform({
        objectMode: true,
        highWaterMark: 1,
        transform(row, _encoding, done) {
          rows.push(row.n);
          setImmediate(done, null, row);
        },
      });
      await pipeline(connection.query(series(20)).stream({ highWaterMark: 1 }), slow.resume());
      seen('piped', rows);
      await settled(seen, 'afterwards', connection.promise().query('SELECT 1 AS n'));
    }),

  'a stream that is left early or fails': (seen) =>
    withConnection(async (connection) => {
      const early = connection.query(series(1000)).stream({ highWaterMark: 5 });
      for await (const row of early) if (row.n === 7) break;
      seen('left', [early.destroyed, early.readableEnded]);
      const failing = own.run('failing', () => connection.query('SELECT nothing').stream());
      watch(seen, 'failing', failing, ['error', 'close', 'end']);
      failing.resume();
      await new Promise((resolve) => failing.once('close', resolve));
      await settled(seen, 'by iteration', connection.query('SELECT nothing').stream().toArray());
      await settled(seen, 'afterwards', connection.promise().query('SELECT 1 AS n'));
    }),

  'a stream that is destroyed': async (seen) => {
    for (const error of [undefined, new Error('of the application')]) {
      await withConnection(async (connection) => {
        const stream = own.run('destroyed', () =>
          connection.query(series(100)).stream({ highWaterMark: 200 }),
        );
        watch(seen, 'destroyed', stream, ['error', 'close', 'end']);
        stream.once('data', () => stream.destroy(error));
        await new Promise((resolve) => stream.once('close', resolve));
        await settled(seen, 'afterwards', connection.promise().query('SELECT 1 AS n'));
      });
    }
  },

  'rows of a paused connection': (seen) =>
    withConnection(async (connection) => {
      const rows = [];
      const query = own.run('caller', () => connection.query(series(6)));
      query.on('result', (row) => {
        rows.push([row.n, own.getStore()]);
        connection.pause();
        setImmediate(() => own.run('resumer', () => connection.resume()));
      });
      await once(query, 'end');
      // Which of them came in one packet with another is the network's affair.
      seen(
        'rows',
        rows.map(([n]) => n),
      );
      const stream = connection.promise().connection.query(series(3)).stream();
      seen('of the promises’ connection', await stream.toArray());
    }),

  'a stream from a pool': async (seen) => {
    const mysql = require('mysql2');
    const pool = mysql.createPool({ ...options, connectionLimit: 1 });
    const stream = own.run('caller', () => pool.query(series(2)).stream());
    watch(seen, 'stream', stream, ['data', 'end', 'close']);
    await once(stream, 'close');
    await settled(seen, 'afterwards', pool.promise().query('SELECT 1 AS n'));
    await pool.promise().end();
  },

  'a server that is not there': async (seen) => {
    const mysql = require('mysql2');
    const promises = require('mysql2/promise');
    const nowhere = { ...options, host: '127.0.0.1', port: 1 };
    const connection = own.run('caller', () => mysql.createConnection(nowhere));
    connection.on('error', (error) => seen('event', [own.getStore(), error]));
    await told(seen, 'connect', (done) => own.run('connecting', () => connection.connect(done)));
    await told(seen, 'query', (done) => own.run('query', () => connection.query('SELECT 1', done)));
    const queued = mysql.createConnection(nowhere);
    await told(seen, 'a queued query', (done) => own.run('query', () => queued.query('SELECT 1', done)));
    await settled(seen, 'promise', promises.createConnection(nowhere));
    await settled(seen, 'pool', promises.createPool(nowhere).query('SELECT 1'));
    await told(seen, 'pool callback', (done) => void mysql.createPool(nowhere).execute('SELECT 1', done));
    await settled(seen, 'database', promises.createConnection({ ...options, database: 'parity_nowhere' }));
    await settled(
      seen,
      'its pool',
      promises.createPool({ ...options, database: 'parity_nowhere' }).query('SELECT 1'),
    );
  },

  'a server that does not answer': async (seen) => {
    const mysql = require('mysql2');
    const promises = require('mysql2/promise');
    const silent = net.createServer(() => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const mute = { ...options, host: '127.0.0.1', port: silent.address().port, connectTimeout: 20 };
    const connection = own.run('caller', () => mysql.createConnection(mute));
    await told(seen, 'connect', (done) => own.run('connecting', () => connection.connect(done)));
    await settled(seen, 'promise', promises.createConnection(mute));
    await settled(seen, 'pool', promises.createPool(mute).query('SELECT 1'));
    silent.close();
  },

  'a query that takes too long': async (seen) => {
    const mysql = require('mysql2');
    for (const method of ['query', 'execute']) {
      const connection = mysql.createConnection(options);
      connection.on('error', () => {});
      const slow = { sql: 'SELECT SLEEP(5)', timeout: 20 };
      await told(seen, method, (done) => own.run('caller', () => connection[method](slow, done)));
      connection.destroy();
    }
    const connection = mysql.createConnection(options);
    connection.on('error', () => {});
    const query = own.run('caller', () => connection.query({ sql: 'SELECT SLEEP(5)', timeout: 20 }));
    await new Promise((resolve) =>
      query.once('error', (error) => resolve(seen('event', [own.getStore(), error]))),
    );
    connection.destroy();
    await withConnection(async (other) => {
      await settled(seen, 'in time', other.promise().query({ sql: 'SELECT 1 AS n', timeout: 2000 }));
    });
  },

  'a query and a connection that are killed': async (seen) => {
    const mysql = require('mysql2');
    const connection = mysql.createConnection(options);
    const promised = connection.promise();
    await promised.connect();
    const { threadId } = connection;
    const queried = failed(seen, 'the query', promised.query('SELECT SLEEP(5) AS n'));
    await kill('QUERY', threadId);
    await queried;
    await settled(seen, 'afterwards', promised.query('SELECT 1 AS n'));
    connection.on('error', (error) => seen('error', [own.getStore(), error.code, error.fatal]));
    connection.on('end', () => seen('end', own.getStore()));
    const closed = once(connection.stream, 'close');
    const running = failed(seen, 'the connection', promised.query('SELECT SLEEP(5)'));
    await kill('CONNECTION', threadId);
    await running;
    await closed;
    await new Promise(setImmediate);
    await settled(seen, 'a query of it', promised.query('SELECT 1'));
    await told(seen, 'ping', (done) => connection.ping(done));
    connection.destroy();
    const pool = mysql.createPool({ ...options, connectionLimit: 1 });
    const idle = await pool.promise().getConnection();
    const lost = failed(seen, 'of a pool', idle.query('SELECT SLEEP(5)'));
    await kill('CONNECTION', idle.threadId);
    await lost;
    idle.release();
    await settled(seen, 'a new one', pool.promise().query('SELECT 2 AS n'));
    await pool.promise().end();
  },
};
