const { classOf, listeners, printed, surface } = require('./databases/looks.cjs');
const { options, withConnection } = require('./databases/mysql.cjs');

exports.title = 'mysql2: its exports, classes and objects';
exports.points = ['db', 'sql'];

exports.cases = {
  'what is exported': async (seen) => {
    seen('mysql2', surface(require('mysql2')));
    seen('mysql2/promise', surface(require('mysql2/promise')));
  },

  'the files that are loaded': async (seen) => {
    const mysql = require('mysql2');
    seen(
      'files',
      Object.keys(require.cache).flatMap((file) => /node_modules.(mysql2.*)$/.exec(file)?.[1] ?? []),
    );
    const { promise } = mysql.Connection.prototype;
    seen('promise', promise);
  },

  'classes and prototypes': async (seen) => {
    const mysql = require('mysql2');
    const promises = require('mysql2/promise');
    for (const name of ['Connection', 'Pool', 'PoolCluster', 'PoolConnection']) {
      seen(name, classOf(mysql[name]));
      seen(`base of ${name}`, classOf(Object.getPrototypeOf(mysql[name])));
    }
    for (const name of ['PromiseConnection', 'PromisePool', 'PromisePoolConnection'])
      seen(name, classOf(promises[name]));
  },

  'methods are no constructors': async (seen) => {
    const mysql = require('mysql2');
    for (const Class of [mysql.Connection, mysql.Pool]) {
      for (const name of ['query', 'execute', 'addCommand', 'getConnection']) {
        const method = Class.prototype[name];
        if (method !== undefined) seen(name, [method, Object.hasOwn(method, 'prototype')]);
      }
    }
  },

  'formatting and escaping': async (seen) => {
    for (const mysql of [require('mysql2'), require('mysql2/promise')]) {
      seen('format', mysql.format('SELECT ?, ??, ?', [1, 'a.b', { c: "d'" }]));
      seen(
        'escape',
        ["it's", null, true, [1, [2]], Buffer.from('b'), mysql.raw('NOW()')].map((v) => mysql.escape(v)),
      );
      seen('escapeId', mysql.escapeId('a`b'));
    }
    await withConnection(async (connection, mysql) => {
      seen('of a connection', [
        connection.format('?', ["'"]),
        connection.escape(1),
        connection.escapeId('a'),
      ]);
      const pool = mysql.createPool(options);
      seen('of a pool', [pool.format('?', ["'"]), pool.escape(1), pool.escapeId('a')]);
      pool.end();
    });
  },

  'a connection': async (seen) => {
    await withConnection(async (connection, mysql) => {
      seen('classes', [connection instanceof mysql.Connection, connection.constructor === mysql.Connection]);
      seen('keys', Object.keys(connection));
      seen('listeners', listeners(connection));
      seen('of the socket', listeners(connection.stream));
      seen('printed', printed(connection));
      await connection.promise().query('SELECT 1');
      seen('printed after a query', printed(connection));
      seen('listeners after a query', listeners(connection));
      seen('its state', [connection.state, connection.authorized]);
    });
  },

  'a pool': async (seen) => {
    const mysql = require('mysql2');
    const pool = mysql.createPool(Object.freeze({ ...options, connectionLimit: 1 }));
    seen('classes', [pool instanceof mysql.Pool, pool.constructor === mysql.Pool]);
    seen('keys', Object.keys(pool));
    seen('printed', printed(pool));
    const promised = pool.promise();
    seen('promised', [
      promised.constructor.name,
      Object.keys(promised),
      promised.pool === pool,
      listeners(promised),
    ]);
    const connection = await promised.getConnection();
    seen('a connection', [
      connection.constructor.name,
      listeners(connection),
      listeners(connection.connection),
    ]);
    seen('keys of it', Object.keys(connection.connection));
    connection.release();
    seen('listeners', listeners(pool));
    seen('printed after it', printed(pool));
    await promised.end();
  },

  'what a query gives': (seen) =>
    withConnection(async (connection, mysql) => {
      const callback = () => {};
      const given = [
        connection.query('SELECT 1 AS n'),
        connection.query('SELECT ? AS n', [2], callback),
        connection.execute('SELECT ? AS n', [3]),
        connection.execute('SELECT ? AS n', [4], callback),
        connection.ping(callback),
      ];
      for (const command of given) {
        seen('class', [command.constructor.name, Object.keys(command), listeners(command), command.emit]);
        seen('printed', printed(command).replace(/onResult: .*/, ''));
        seen('next', [command.sql, command.values]);
      }
      await new Promise((resolve) => given.at(-1).once('end', resolve));
      const query = mysql.createQuery('SELECT 5 AS n', callback, undefined, {});
      seen('the same', connection.query(query) === query);
      await new Promise((resolve) => query.once('end', resolve));
      try {
        connection.query('SELECT 6 AS n').then();
      } catch (error) {
        seen('it is no promise', error);
      }
      await connection.promise().ping();
    }),

  'callbacks on what a query gives': (seen) =>
    withConnection(async (connection) => {
      const callback = () => {};
      for (const command of [
        connection.query('SELECT 1', callback),
        connection.execute('SELECT 2', callback),
        connection.ping(callback),
      ]) {
        seen('its callback', command.onResult === callback);
      }
      await connection.promise().ping();
    }),
};

exports.except = {
  'callbacks on what a query gives': {
    variants: ['beside', 'traced'],
    because:
      'mysql2 calls what it finds in `onResult`, so a traced call’s callback has another function in its place ' +
      'there, as mysql2’s own tracing channels have',
  },
};
