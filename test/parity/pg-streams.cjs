const { once } = require('node:events');
const { PassThrough, Readable, Transform, finished } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { listeners, own, settled, thrown, told } = require('./databases/looks.cjs');
const { withClient } = require('./databases/postgresql.cjs');

exports.title = 'pg: cursors, streams, COPY, notices and notifications';
exports.points = ['db', 'sql'];

const series = (to) => `SELECT generate_series(1, ${to}) AS n`;

/** Records every event of an emitter, with the storage's value in it. */
function watch(seen, label, emitter, events) {
  for (const event of events) {
    emitter.on(event, function (...args) {
      seen(`${label}: ${event}`, { self: this === emitter, store: own.getStore(), args });
    });
  }
}

exports.cases = {
  'a cursor': (seen) =>
    withClient(async (client) => {
      const Cursor = require('pg-cursor');
      const cursor = own.run('made', () => client.query(new Cursor(`${series(5)} WHERE $1`, [true])));
      watch(seen, 'cursor', cursor, ['row', 'end', 'error']);
      await settled(seen, 'two', cursor.read(2));
      await told(seen, 'one', (done) => own.run('reader', () => cursor.read(1, done)));
      await told(seen, 'last', (done) => cursor.read(9, done));
      await settled(seen, 'none left', cursor.read(1));
      await settled(seen, 'close', cursor.close());
      await told(seen, 'close again', (done) => own.run('closer', () => cursor.close(done)));
      await settled(seen, 'read after it', cursor.read(1));
      await settled(seen, 'afterwards', client.query('SELECT 1 AS n'));
    }),

  'a cursor that is closed early or fails': (seen) =>
    withClient(async (client) => {
      const Cursor = require('pg-cursor');
      const early = client.query(new Cursor(series(100)));
      await early.read(1);
      await told(seen, 'closed', (done) => own.run('closer', () => early.close(done)));
      const unread = client.query(new Cursor(series(100)));
      await settled(seen, 'closed unread', unread.close());
      const failing = client.query(new Cursor('SELECT nothing'));
      await settled(seen, 'error', failing.read(1));
      await settled(seen, 'error again', failing.read(1));
      const late = client.query(new Cursor('SELECT 1 / (3 - n) FROM generate_series(1, 5) n'));
      await settled(seen, 'rows', late.read(2));
      await told(seen, 'late error', (done) => own.run('reader', () => late.read(2, done)));
      const heard = client.query(new Cursor('SELECT nothing'));
      watch(seen, 'heard', heard, ['error']);
      await told(seen, 'with a listener', (done) => heard.read(1, done));
      const rows = client.query(new Cursor(series(2), null, { rowMode: 'array' }));
      await settled(seen, 'arrays', rows.read(5));
      thrown(seen, 'nothing to close', () => new Cursor('SELECT 1').close(() => {}));
      await settled(seen, 'afterwards', client.query('SELECT 1 AS n'));
    }),

  'a cursor with its own promises, in a transaction': (seen) =>
    withClient(async (client) => {
      const Cursor = require('pg-cursor');
      class Own extends Promise {}
      await client.query('BEGIN');
      const cursor = client.query(new Cursor(series(3), [], { Promise: Own }));
      const reading = cursor.read(2);
      seen('its class', [reading instanceof Own, reading.constructor === Own]);
      await settled(seen, 'read', reading);
      const other = client.query('SELECT 2 AS n');
      await settled(seen, 'closed', cursor.close());
      await settled(seen, 'the query behind it', other);
      await client.query('COMMIT');
    }),

  'a stream of rows': (seen) =>
    withClient(async (client) => {
      const QueryStream = require('pg-query-stream');
      const stream = own.run('made', () => client.query(new QueryStream(series(5), [], { batchSize: 2 })));
      seen('its classes', [
        stream instanceof Readable,
        stream.readableHighWaterMark,
        stream.readableObjectMode,
      ]);
      watch(seen, 'stream', stream, ['data', 'end', 'close', 'error', 'pause', 'resume']);
      seen('listeners', listeners(stream));
      await once(stream, 'close');
      seen('at the end', [stream.destroyed, stream.readableEnded, listeners(stream)]);
      const iterated = [];
      for await (const row of client.query(new QueryStream(series(3)))) iterated.push([row, own.getStore()]);
      seen('iterated', iterated);
      const early = client.query(new QueryStream(series(1000), [], { highWaterMark: 3 }));
      for await (const row of early) if (row.n === 5) break;
      seen('left early', [early.destroyed, early.readableEnded]);
      seen(
        'helpers',
        await client
          .query(new QueryStream(series(9)))
          .take(2)
          .toArray(),
      );
      await settled(seen, 'afterwards', client.query('SELECT 1 AS n'));
    }),

  'a stream that is slow, destroyed or fails': (seen) =>
    withClient(async (client) => {
      const QueryStream = require('pg-query-stream');
      const seenRows = [];
      const slow = new Transform({
        objectMode: true,
        highWaterMark: 1,
        transform(row, _encoding, done) {
          seenRows.push(row.n);
          setImmediate(done, null, row);
        },
      });
      await own.run('piped', () =>
        pipeline(client.query(new QueryStream(series(20), [], { highWaterMark: 2 })), slow, async (rows) => {
          for await (const row of rows) if (row.n === 20) seen('last', own.getStore());
        }),
      );
      seen('piped', seenRows);
      for (const error of [undefined, new Error('of the application')]) {
        const stream = client.query(new QueryStream(series(100)));
        watch(seen, 'destroyed', stream, ['error', 'close', 'end']);
        await new Promise((resolve) => stream.once('data', resolve));
        stream.destroy(error);
        await new Promise((resolve) => stream.once('close', resolve));
      }
      const failing = client.query(new QueryStream('SELECT nothing'));
      watch(seen, 'failing', failing, ['error', 'close', 'end']);
      failing.resume();
      await new Promise((resolve) => failing.once('close', resolve));
      const late = client.query(
        new QueryStream('SELECT 1 / (3 - n) FROM generate_series(1, 5) n', [], { batchSize: 1 }),
      );
      await settled(seen, 'late', late.toArray());
      const aborted = new AbortController();
      const stream = client.query(new QueryStream(series(100)));
      const done = told(seen, 'finished', (next) => {
        finished(stream, { signal: aborted.signal }, next);
      });
      aborted.abort();
      await done;
      stream.destroy();
      await settled(seen, 'afterwards', client.query('SELECT 1 AS n'));
    }),

  'a stream with a callback, from a pool': async (seen) => {
    const QueryStream = require('pg-query-stream');
    const { Pool } = require('pg');
    const pool = new Pool({ max: 1 });
    const client = await pool.connect();
    const stream = new QueryStream(series(2));
    const done = told(seen, 'callback', (next) => own.run('caller', () => client.query(stream, next)));
    seen('rows', await stream.toArray());
    await done;
    client.release();
    await settled(seen, 'afterwards', pool.query('SELECT 1 AS n'));
    await pool.end();
  },

  'COPY in both directions': (seen) =>
    withClient(async (client) => {
      const copy = require('pg-copy-streams');
      await client.query('CREATE TEMPORARY TABLE parity_copy (n int, t text)');
      const into = own.run('into', () => client.query(copy.from('COPY parity_copy FROM STDIN')));
      watch(seen, 'into', into, ['finish', 'close', 'error']);
      await pipeline(Readable.from(['1\ta\n', '2\tb\n', '3\tc\n']), into);
      seen('rows in', into.rowCount);
      const from = own.run('from', () => client.query(copy.to('COPY parity_copy TO STDOUT')));
      watch(seen, 'from', from, ['data', 'end', 'close', 'error']);
      const through = new PassThrough();
      let text = '';
      through.setEncoding('utf8').on('data', (part) => (text += part));
      await pipeline(from, through);
      seen('rows out', [from.rowCount, text]);
      await settled(
        seen,
        'bad data',
        pipeline(Readable.from(['no number\tx\n']), client.query(copy.from('COPY parity_copy FROM STDIN'))),
      );
      await settled(
        seen,
        'no table',
        pipeline(client.query(copy.to('COPY parity_nowhere TO STDOUT')), new PassThrough().resume()),
      );
      const destroyed = client.query(copy.from('COPY parity_copy FROM STDIN'));
      destroyed.on('error', (error) => seen('destroyed', error.message));
      destroyed.destroy(new Error('of the application'));
      await new Promise((resolve) => destroyed.once('close', resolve));
      await settled(seen, 'without a stream', client.query('COPY parity_copy FROM STDIN'));
      await settled(seen, 'afterwards', client.query('SELECT count(*) FROM parity_copy'));
    }),

  'notices and notifications': (seen) =>
    withClient(async (client) => {
      await withClient(async (other) => {
        for (const event of ['notice', 'notification', 'drain', 'end']) {
          own.run(`listener of ${event}`, () =>
            client.on(event, function (message) {
              seen(event, [
                this === client,
                own.getStore(),
                message?.message,
                message?.channel,
                message?.payload,
              ]);
            }),
          );
        }
        await own.run('listen', () => client.query('LISTEN parity_channel'));
        await own.run('raise', () => client.query("DO $$ BEGIN RAISE NOTICE 'noted'; END $$"));
        const notified = once(client, 'notification');
        await own.run('notify', () => other.query("NOTIFY parity_channel, 'from another'"));
        await notified;
        await client.query("SELECT pg_notify('parity_channel', 'from itself')");
        await client.query('UNLISTEN *');
        seen('listeners', listeners(client));
      });
    }),
};
