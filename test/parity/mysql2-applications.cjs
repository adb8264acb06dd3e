const { AsyncResource } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');
const { promisify } = require('node:util');
const Bluebird = require('bluebird');

const { own } = require('./databases/looks.cjs');
const { options, settled, told, withConnection } = require('./databases/mysql.cjs');

exports.title = 'mysql2: promises, patches, storages, channels and throws of the application';
exports.points = ['db', 'sql'];

const text = 'SELECT ? AS n';

exports.cases = {
  'promises of other classes': async (seen) => {
    const promises = require('mysql2/promise');
    class Own extends Promise {}
    for (const Class of [Own, Bluebird]) {
      const creating = promises.createConnection({ ...options, Promise: Class });
      const pool = promises.createPool({ ...options, connectionLimit: 1, Promise: Class });
      const connection = await creating;
      for (const start of [
        () => creating,
        () => connection.query(text, [1]),
        () => connection.execute('SELECT nothing'),
        () => connection.ping(),
        () => pool.query(text, [2]),
        () => pool.execute('SELECT nothing'),
        () => pool.getConnection().then((one) => one.release()),
      ]) {
        const promise = start();
        seen('its class', [promise instanceof Class, promise.constructor === Class]);
        await settled(seen, 'it', Promise.resolve(promise));
      }
      seen('kept', [connection.Promise === Class, pool.Promise === Class]);
      await connection.end();
      await pool.end();
    }
    await withConnection(async (connection) => {
      seen('promise(Class)', connection.promise(Bluebird).query(text, [3]) instanceof Bluebird);
      await connection.promise().ping();
    });
  },

  'a replaced global Promise': async (seen) => {
    const Native = Promise;
    const promises = require('mysql2/promise');
    let pool, all;
    global.Promise = Bluebird;
    try {
      pool = promises.createPool({ ...options, connectionLimit: 1 });
      all = [pool.query(text, [1]), pool.getConnection()];
      seen(
        'classes',
        all.map((promise) => [promise instanceof Bluebird, promise instanceof Native]),
      );
    } finally {
      global.Promise = Native;
    }
    const [[rows], connection] = await Native.all(all);
    seen('rows', rows);
    connection.release();
    await pool.end();
  },

  promisified: (seen) =>
    withConnection(async (connection, mysql) => {
      await settled(seen, 'query', promisify(connection.query).call(connection, text, [1]));
      await settled(seen, 'bound', promisify(connection.execute.bind(connection))(text, [2]));
      await settled(seen, 'error', promisify(connection.query).call(connection, 'SELECT nothing'));
      const pool = mysql.createPool({ ...options, connectionLimit: 1 });
      const checkedOut = await promisify(pool.getConnection).call(pool);
      seen('a connection', checkedOut.constructor.name);
      checkedOut.release();
      await settled(seen, 'of a pool', promisify(pool.query).bind(pool)(text, [3]));
      const asyncs = Bluebird.promisifyAll(Object.create(pool));
      seen('methods', [asyncs.queryAsync, asyncs.getConnectionAsync]);
      await settled(seen, 'by Bluebird', Promise.resolve(asyncs.executeAsync(text, [4])));
      pool.end();
    }),

  'patches and subclasses': (seen) =>
    withConnection(async (connection, mysql) => {
      const base = Object.getPrototypeOf(mysql.Connection.prototype);
      const order = [];
      for (const [owner, name] of [
        [base, 'query'],
        [base, 'execute'],
        [base, 'addCommand'],
        [mysql.Connection.prototype, 'query'],
      ]) {
        const descriptor = Object.getOwnPropertyDescriptor(owner, name);
        const original = owner[name];
        owner[name] = function (...args) {
          order.push([name, args.length, typeof args.at(-1)]);
          return original.apply(this, args);
        };
        await told(seen, `${name}, query`, (done) =>
          own.run('caller', () => connection.query(text, [1], done)),
        );
        await settled(seen, `${name}, execute`, connection.promise().execute(text, [2]));
        if (descriptor === undefined) delete owner[name];
        else Object.defineProperty(owner, name, descriptor);
        seen('put back', owner[name] === original);
      }
      seen('order', order);
      connection.query = (sql, ...rest) => base.query.call(connection, `/* own */ ${sql}`, ...rest);
      await told(seen, 'on the object', (done) => connection.query(text, [3], done));
      await settled(seen, 'by promise', connection.promise().query(text, [4]));
      delete connection.query;
      class Pool extends mysql.Pool {
        query(...args) {
          order.length = 0;
          return super.query(...args);
        }
      }
      const { config } = mysql.createPool({ ...options, connectionLimit: 1 });
      const pool = new Pool({ config });
      await settled(seen, 'a subclass', pool.promise().query(text, [5]));
      pool.end();
    }),

  'storages of the application': async (seen) => {
    const mysql = require('mysql2');
    const pool = mysql.createPool({ ...options, connectionLimit: 1 });
    const promised = pool.promise();
    const note = (what) => seen(what, own.getStore());
    for (const n of [1, 2]) {
      await own.run(n, async () => {
        await promised.query(text, [n]);
        note('after await');
        pool.query(
          text,
          [n],
          AsyncResource.bind(() => note('bound')),
        );
        await promised.execute(text, [n]).then(() => note('then'));
        const connection = await promised.getConnection();
        note('connected');
        await connection.query(text, [n]).finally(() => note('finally'));
        connection.release();
      });
    }
    await promised.end();
  },

  'a subscriber of mysql2’s channels': async (seen) => {
    const mysql = require('mysql2');
    const handlers = {};
    const names = ['query', 'execute', 'connect', 'pool:connect'];
    const order = [];
    for (const name of names) {
      handlers[name] = Object.fromEntries(
        ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => [
          event,
          (message) => {
            order.push([name, event, own.getStore()]);
            if (event !== 'start' && event !== 'error') return;
            seen(`${name} ${event}`, [
              Object.keys(message),
              message.query,
              message.values,
              message.error?.message,
            ]);
          },
        ]),
      );
      tracingChannel(`mysql2:${name}`).subscribe(handlers[name]);
    }
    const pool = mysql.createPool({ ...options, connectionLimit: 1 });
    await told(seen, 'query', (done) => own.run('caller', () => pool.query(text, [1], done)));
    await told(seen, 'execute', (done) => own.run('caller', () => pool.execute(text, [2], done)));
    await settled(seen, 'error', pool.promise().query('SELECT nothing'));
    const query = pool.query(text, [3]);
    await new Promise((resolve) => query.once('end', resolve));
    await pool.promise().end();
    for (const name of names) tracingChannel(`mysql2:${name}`).unsubscribe(handlers[name]);
    seen('order', order);
  },

  'errors that the application throws': async (seen) => {
    const mysql = require('mysql2');
    const uncaught = [];
    process.on('uncaughtException', (error) => uncaught.push(error));
    // An error of the connection, or one that nobody caught.
    const first = (connection) =>
      new Promise((resolve) => {
        connection.once('error', resolve);
        process.once('uncaughtException', () => resolve('none'));
      });
    for (const start of [
      (connection, fail) => connection.query(text, [1], fail),
      (connection, fail) => connection.execute(text, [2], fail),
      (connection, fail) => connection.ping(fail),
      (connection, fail) => connection.query(text, [3]).on('result', fail),
    ]) {
      const connection = mysql.createConnection(options);
      await connection.promise().connect();
      const failed = first(connection);
      start(connection, () => {
        throw new Error('of the application');
      });
      seen('the connection’s error', await failed);
      seen('its state', connection.state);
      connection.on('error', () => {});
      connection.destroy();
    }
    process.removeAllListeners('uncaughtException');
    seen('uncaught', uncaught);
  },
};

exports.ends = {
  'a rejection that nobody handles': async () => {
    const promises = require('mysql2/promise');
    promises.createPool(options).query('SELECT nothing');
  },
  'a throw in a callback': async (seen) => {
    const mysql = require('mysql2');
    mysql.createConnection(options).query('SELECT 1', () => {
      process.once('exit', (code) => seen('code', code));
      throw new Error('in a callback');
    });
  },
  'an error event that nobody listens to': async () => {
    const mysql = require('mysql2');
    mysql.createConnection(options).query('SELECT nothing');
  },
  'an exit in a callback': async (seen) => {
    const mysql = require('mysql2');
    mysql.createPool(options).query('SELECT 1 AS n', (_, rows) => {
      seen('rows', rows);
      process.exit(5);
    });
  },
};
