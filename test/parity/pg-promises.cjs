const { callbackify, promisify } = require('node:util');
const Bluebird = require('bluebird');

const { settled, told } = require('./databases/looks.cjs');
const { withClient } = require('./databases/postgresql.cjs');

exports.title = 'pg: promises of other classes, promisified methods';
exports.points = ['db', 'sql'];

const text = 'SELECT $1::int AS n';

exports.cases = {
  'a promise class of the application': async (seen) => {
    class Own extends Promise {
      static made = 0;
      constructor(executor) {
        super(executor);
        Own.made++;
      }
    }
    const pg = require('pg');
    for (const Class of [Own, Bluebird, Promise]) {
      const pool = new pg.Pool({ max: 1, Promise: Class });
      for (const sql of [text, 'SELECT nothing', null]) {
        const promise = pool.query(sql, [1]);
        seen('of a pool', [promise instanceof Class, promise.constructor === Class]);
        await settled(seen, 'it', Promise.resolve(promise));
      }
      const client = await pool.connect();
      const promise = client.query(text, [2]);
      seen('of a client', [
        promise instanceof Class,
        promise.constructor === Class,
        promise.then === Class.prototype.then,
      ]);
      seen('settled', await promise.then(({ rows }) => rows).catch(() => 'not this'));
      await settled(seen, 'rejected', Promise.resolve(client.query('SELECT nothing')));
      seen('its class stays', [
        client._Promise === Class,
        pool.Promise === Class,
        Object.keys(client).includes('_Promise'),
      ]);
      client.release();
      const ended = pool.end();
      seen('of the end', [ended instanceof Class, pool.query(text, [3]).catch(() => {}) instanceof Class]);
      await ended;
    }
    seen('how many were made', Own.made);
  },

  'a replaced global Promise': async (seen) => {
    const Native = Promise;
    const pg = require('pg');
    global.Promise = Bluebird;
    let client, pool, all;
    try {
      client = new pg.Client();
      pool = new pg.Pool({ max: 1 });
      all = [client.connect(), client.query(text, [1]), pool.query(text, [2]), pool.connect()];
      seen(
        'classes',
        all.map((promise) => [promise instanceof Bluebird, promise instanceof Native]),
      );
    } finally {
      global.Promise = Native;
    }
    const [, one, two, checkedOut] = await Native.all(all);
    seen('rows', [one.rows, two.rows]);
    checkedOut.release();
    await settled(seen, 'a query later', Native.resolve(pool.query(text, [3])));
    seen('cancellable', typeof pool.query(text, [4]).cancel);
    await client.end();
    await pool.end();
  },

  'promisified and callbackified': (seen) =>
    withClient(async (client, pg) => {
      const query = promisify(client.query);
      await settled(seen, 'promisified', query.call(client, text, [1]));
      await settled(seen, 'error', query.call(client, 'SELECT nothing'));
      await settled(seen, 'bound', promisify(client.query.bind(client))(text, [2]));
      await told(seen, 'callbackified', (done) => callbackify(() => client.query(text, [3]))(done));
      const pool = new pg.Pool({ max: 1 });
      const connected = await promisify(pool.connect).call(pool);
      seen('a client', connected instanceof pg.Client);
      connected.release();
      await settled(seen, 'a pool', promisify(pool.query).call(pool, text, [4]));
      const asyncs = Bluebird.promisifyAll(Object.create(pool));
      seen('methods', [asyncs.queryAsync, asyncs.connectAsync]);
      await settled(seen, 'by Bluebird', Promise.resolve(asyncs.queryAsync(text, [5])));
      await pool.end();
    }),
};

exports.ends = {
  'a rejection that nobody handles': async () => {
    const pg = require('pg');
    const pool = new pg.Pool();
    pool.query('SELECT nothing');
  },
  'a rejection of Bluebird’s that nobody handles': async () => {
    const pg = require('pg');
    const pool = new pg.Pool({ Promise: Bluebird });
    pool.query('SELECT nothing');
    // Bluebird tells of it and goes on: the process ends when the pool has let the client go.
  },
};
