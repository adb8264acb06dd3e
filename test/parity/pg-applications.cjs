const { AsyncResource } = require('node:async_hooks');

const { own, settled, thrown, told, until } = require('./databases/looks.cjs');
const { withClient } = require('./databases/postgresql.cjs');

exports.title = 'pg: subclasses, patches, storages, domains and throws of the application';
exports.points = ['db', 'sql'];

const text = 'SELECT $1::int AS n';

exports.cases = {
  subclasses: async (seen) => {
    const pg = require('pg');
    class Client extends pg.Client {
      #asked = [];
      query(...args) {
        this.#asked.push(typeof args[0]);
        return super.query(...args);
      }
      connect(...args) {
        seen('connect', args.length);
        return super.connect(...args);
      }
      get asked() {
        return this.#asked;
      }
    }
    const client = new Client();
    await settled(
      seen,
      'connected',
      client.connect().then((value) => value?.constructor.name),
    );
    await settled(seen, 'query', client.query(text, [1]));
    seen('asked', [client.asked, client instanceof pg.Client, client.constructor === Client]);
    await client.end();
    for (const pool of [
      new pg.Pool({ max: 1, Client }),
      new (class Pool extends pg.Pool {})({ max: 1, Client }),
    ]) {
      await settled(seen, 'pool', pool.query(text, [2]));
      const checkedOut = await pool.connect();
      seen('of its class', [checkedOut instanceof Client, checkedOut.asked, pool.constructor.name]);
      checkedOut.release();
      await pool.end();
    }
    class Query extends pg.Query {
      handleReadyForQuery(...args) {
        seen('ready', args.length);
        return super.handleReadyForQuery(...args);
      }
    }
    await withClient((other) => told(seen, 'query', (done) => other.query(new Query('SELECT 3 AS n', done))));
  },

  'patches of the application': (seen) =>
    withClient(async (client, pg) => {
      const { prototype } = pg.Client;
      const descriptor = Object.getOwnPropertyDescriptor(prototype, 'query');
      const original = prototype.query;
      const order = [];
      prototype.query = function query(...args) {
        order.push(args.length);
        const result = original.apply(this, args);
        result?.then?.(
          () => order.push('settled'),
          () => order.push('failed'),
        );
        return result;
      };
      const pool = new pg.Pool({ max: 1 });
      try {
        await settled(seen, 'patched', client.query(text, [1]));
        await settled(seen, 'failing', client.query('SELECT nothing'));
        await settled(seen, 'through a pool', pool.query(text, [2]));
        seen('order', order);
      } finally {
        Object.defineProperty(prototype, 'query', descriptor);
      }
      await settled(seen, 'put back', client.query(text, [3]));
      client.query = function (sql, ...rest) {
        return original.call(this, typeof sql === 'string' ? `/* own */ ${sql}` : sql, ...rest);
      };
      await settled(seen, 'on the object', client.query(text, [4]));
      delete client.query;
      seen('its query', client.query === original);
      pool.query = async () => 'stubbed';
      await settled(seen, 'a stub', pool.query(text));
      delete pool.query;
      const connect = pool.connect.bind(pool);
      pool.connect = (done) => connect((...args) => done(...args));
      await settled(seen, 'a patched connect', pool.query(text, [5]));
      await pool.end();
    }),

  'storages of the application': (seen) =>
    withClient(async (client, pg) => {
      const pool = new pg.Pool({ max: 1 });
      const note = (what) => seen(what, own.getStore());
      const ask = (n) =>
        own.run(n, async () => {
          await pool.query(text, [n]);
          note('after await');
          pool.query(
            text,
            [n],
            AsyncResource.bind(() => note('bound')),
          );
          await pool.query(text, [n]).then(() => note('then'));
          const checkedOut = await pool.connect();
          note('connected');
          await checkedOut.query(text, [n]).finally(() => note('finally'));
          checkedOut.release();
        });
      for (const n of [1, 2]) await ask(n);
      await own.run(
        'other',
        () => new Promise((resolve) => client.query(text, [1], () => resolve(note('callback')))),
      );
      await own.run('timer', () =>
        told(seen, 'in a timer', (done) => void setTimeout(() => client.query(text, [2], done))),
      );
      own.enterWith('entered');
      await client.query(text, [3]);
      note('entered');
      own.enterWith(undefined);
      await pool.end();
    }),

  'errors that the application throws': (seen) =>
    withClient(async (client, pg) => {
      const pool = new pg.Pool({ max: 1 });
      thrown(seen, 'a value', () => client.query(null));
      const values = [
        {
          toPostgres() {
            throw new TypeError('of a value');
          },
        },
      ];
      await settled(seen, 'by promise', client.query('SELECT $1::text', values));
      await told(seen, 'by callback', (done) => client.query('SELECT $1::text', values, done));
      const uncaught = [];
      process.on('uncaughtException', (error) => uncaught.push(error));
      client.query(text, [1], () => {
        throw new Error('in a callback');
      });
      await settled(seen, 'the next query', client.query(text, [2]));
      pool.query(text, [3], () => {
        throw new Error('in a callback of a pool');
      });
      await settled(seen, 'the next of the pool', pool.query(text, [4]));
      const query = new pg.Query('SELECT 5 AS n');
      query.on('row', () => {
        throw new Error('in a listener');
      });
      query.on('error', (error) => uncaught.push(error.message));
      client.query(query);
      // The listener's is the third.
      await until(() => uncaught.length === 3);
      process.removeAllListeners('uncaughtException');
      seen('uncaught', uncaught);
      await pool.end();
    }),

  domains: async (seen) => {
    // It replaces the `emit` of all emitters: not before it is needed.
    const domain = require('node:domain');
    const pg = require('pg');
    const client = new pg.Client();
    const pool = new pg.Pool({ max: 1 });
    const one = domain.create();
    const caught = new Promise((resolve) => one.once('error', resolve));
    await one.run(() => client.connect());
    one.run(() => client.query(text, [1], () => seen('in its domain', process.domain === one)));
    await client.query('SELECT 1');
    await one.run(() => told(seen, 'of a pool', (done) => pool.query(text, [2], done)));
    one.run(() =>
      client.query(text, [3], () => {
        throw new Error('in a domain');
      }),
    );
    seen('caught', (await caught).message);
    process.domain?.exit();
    await settled(seen, 'afterwards', client.query('SELECT 2 AS n'));
    await client.end();
    await pool.end();
  },
};

exports.ends = {
  'a throw in a callback': async (seen) => {
    const pg = require('pg');
    const pool = new pg.Pool();
    pool.query('SELECT 1', () => {
      process.once('exit', (code) => seen('code', code));
      throw new Error('in a callback');
    });
  },
  'an error of a client that nobody listens to': async () => {
    const pg = require('pg');
    const client = new pg.Client();
    await client.connect();
    await client.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
  },
  'the natural end of a process with an idle pool': async (seen) => {
    const pg = require('pg');
    const pool = new pg.Pool({ allowExitOnIdle: true });
    seen('rows', (await pool.query('SELECT 1 AS n')).rows);
    process.exitCode = 3;
  },
};
