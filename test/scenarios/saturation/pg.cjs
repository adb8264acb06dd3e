// Ways to ask PostgreSQL over connections that all requests share.
const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const copy = require('pg-copy-streams');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');

const { called } = require('./request.cjs');

const text = 'SELECT $1::text AS id';
const series = 'SELECT $1::text AS id, generate_series(1, 5) AS n';

/** Works on a pool. */
const onPool = (pool, { Query }) => ({
  promise: {
    shape: 'db(sql)',
    async run({ id, kept, equal }) {
      const { rows } = await pool.query(text, [id]);
      kept('after await');
      equal(rows[0].id, id);
    },
  },
  callback: {
    shape: 'at callback,at nested callback,db(sql),db(sql)',
    run: ({ id, step, equal }) =>
      called((done) =>
        pool.query(text, [id], (error, { rows }) => {
          step('callback');
          equal(rows[0].id, id);
          pool.query({ text, values: [id] }, (failed, result) => {
            step('nested callback');
            done(failed, result);
          });
        }),
      ),
  },
  error: {
    shape: 'at error,db(sql)',
    run: ({ id, step }) =>
      called((done) =>
        pool.query('SELECT $1::text, nothing', [id], () => {
          step('error');
          done();
        }),
      ),
  },
  checkout: {
    shape: 'db,db(sql),db(sql)',
    async run({ id, kept }) {
      const client = await pool.connect();
      kept('connected');
      try {
        await client.query(text, [id]);
        await client.query({ name: 'prepared', text, values: [id] });
        kept('asked');
      } finally {
        client.release();
      }
    },
  },
  'checkout by callback': {
    shape: 'at connected,at released,db,db(sql)',
    run: ({ id, step }) =>
      called((done) =>
        pool.connect((error, client, release) => {
          step('connected');
          client.query({ text, values: [id], callback: noted }, undefined);
          function noted(failed) {
            release();
            step('released');
            done(failed);
          }
        }),
      ),
  },
  transaction: {
    shape: 'db,db(sql),db(sql),db(sql),db(sql)',
    async run({ id, kept }) {
      const client = await pool.connect();
      try {
        await client.query(`BEGIN /* ${id} */`);
        const both = [client.query(text, [id]), client.query(text, [id])];
        await Promise.all(both);
        await client.query(`COMMIT /* ${id} */`);
        kept('committed');
      } finally {
        client.release();
      }
    },
  },
  'a client that is given up': {
    shape: 'db,db(sql)',
    async run({ id, kept }) {
      const client = await pool.connect();
      await client.query(text, [id]);
      client.release(true);
      kept('given up');
    },
  },
  'a client that the server ends': {
    shape: 'db,db(sql)',
    async run({ id, kept }) {
      const client = await pool.connect();
      const ended = new Promise((resolve) => client.once('end', resolve));
      client.on('error', () => {});
      await client.query(`SELECT pg_terminate_backend(pg_backend_pid()) /* ${id} */`).catch(() => {});
      await ended;
      // The pool opens another one for whoever waits, at once.
      client.release();
      kept('released');
    },
  },
  cursor: {
    shape: 'at closed,at read,db,db(sql)',
    async run({ id, step, kept }) {
      const client = await pool.connect();
      const cursor = client.query(new Cursor(series, [id]));
      await called((done) =>
        cursor.read(2, (error, rows) => {
          step('read');
          done(error, rows);
        }),
      );
      await cursor.read(1);
      kept('read by promise');
      await called((done) =>
        cursor.close((error) => {
          step('closed');
          done(error);
        }),
      );
      client.release();
    },
  },
  stream: {
    shape: 'at end,at first row,db,db(sql)',
    async run({ id, here, step, kept, equal }) {
      const client = await pool.connect();
      const stream = client.query(new QueryStream(series, [id], { batchSize: 2 }));
      stream.once('data', () => step('first row'));
      stream.on('end', () => step('end'));
      const transform = new Transform({
        objectMode: true,
        transform(row, _encoding, done) {
          here('transform');
          done(null, row);
        },
      });
      let rows = 0;
      await pipeline(stream, transform, async (all) => {
        for await (const row of all) {
          kept('iterated');
          equal(row.id, id);
          rows++;
        }
      });
      equal(rows, 5);
      client.release();
    },
  },
  copy: {
    shape: 'at copied,db,db(sql)',
    async run({ id, here, step, kept }) {
      const client = await pool.connect();
      const rows = client.query(copy.to(`COPY (SELECT generate_series(1, 500)) TO STDOUT /* ${id} */`));
      rows.on('data', () => here('copied'));
      rows.on('end', () => step('copied'));
      for await (const part of rows) kept(`iterated ${part.length}`);
      client.release();
    },
  },
  events: {
    shape: 'at callback,at end,at row,db,db(sql),db(sql)',
    async run({ id, step }) {
      const client = await pool.connect();
      const query = new Query(text, [id]);
      query.on('row', () => step('row'));
      await new Promise((resolve, reject) => {
        query.on('error', reject);
        client.query(query).on('end', () => resolve(step('end')));
      });
      await called((done) => client.query(new Query(text, [id], (error) => done(error, step('callback')))));
      client.release();
    },
  },
});

/** Works on a client that is no pool's. */
const onClient = (client) => ({
  promise: {
    shape: 'db(sql)',
    async run({ id, kept, equal }) {
      const { rows } = await client.query(text, [id]);
      kept('after await');
      equal(rows[0].id, id);
    },
  },
  callback: {
    shape: 'at callback,at nested callback,db(sql),db(sql)',
    run: ({ id, step }) =>
      called((done) =>
        client.query(text, [id], () => {
          step('callback');
          client.query(text, [id], (error) => done(error, step('nested callback')));
        }),
      ),
  },
});

/** Connects; gives the works by name, and how to close. */
module.exports = async function start(pg) {
  const pools = [1, 2, 3].map((max) => new pg.Pool({ max }));
  const clients = [new pg.Client(), new pg.Client({ pipeline: true })];
  await Promise.all(clients.map((client) => client.connect()));
  return {
    groups: [
      ...pools.map((pool) => [`pg pool of ${pool.options.max}`, onPool(pool, pg)]),
      ['pg client', onClient(clients[0])],
      ['pg pipeline', onClient(clients[1])],
    ],
    close: () => Promise.all([...pools, ...clients].map((each) => each.end())),
  };
};
