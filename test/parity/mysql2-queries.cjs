const { Readable } = require('node:stream');

const { own, thrown, until } = require('./databases/looks.cjs');
const { options, settled, shown, told, watch, withConnection } = require('./databases/mysql.cjs');

exports.title = 'mysql2: the forms of a query';
exports.points = ['db', 'sql'];

const text = 'SELECT ? AS n, ? AS t';

exports.cases = {
  callbacks: (seen) =>
    withConnection(async (connection) => {
      for (const method of ['query', 'execute']) {
        const ask = (...args) => own.run('caller', () => connection[method](...args));
        await told(seen, 'sql, values', (done) => ask(text, [1, 'a'], done));
        await told(seen, 'sql', (done) => ask("SELECT 2 AS n, 'b' AS t", done));
        await told(seen, 'no values', (done) => ask('SELECT 3 AS n', undefined, done));
        await told(seen, 'options', (done) => ask({ sql: text, values: [4, 'c'] }, done));
        await told(seen, 'options, values', (done) => ask({ sql: text }, [5, 'd'], done));
        await told(seen, 'error', (done) => ask('SELECT nothing FROM nowhere', done));
        await told(seen, 'syntax', (done) => ask('SELEC', [], done));
        await told(seen, 'frozen', (done) =>
          ask(Object.freeze({ sql: text, values: Object.freeze([6, 'e']) }), done),
        );
      }
      await told(seen, 'objects', (done) => connection.query('SELECT 1 FROM DUAL WHERE ?', { 1: 1 }, done));
      await told(seen, 'a value alone', (done) => connection.query('SELECT ? AS n', 7, done));
      await told(seen, 'ping', (done) => own.run('caller', () => connection.ping(done)));
      await told(seen, 'reset', (done) => own.run('caller', () => connection.reset(done)));
      await told(seen, 'changeUser', (done) => own.run('caller', () => connection.changeUser({}, done)));
      await told(seen, 'connected already', (done) => own.run('caller', () => connection.connect(done)));
    }),

  promises: async (seen) => {
    const promises = require('mysql2/promise');
    const connection = await promises.createConnection(options);
    seen('a connection', [connection instanceof promises.Connection, Object.keys(connection)]);
    for (const method of ['query', 'execute']) {
      await settled(seen, 'sql, values', connection[method](text, [1, 'a']));
      await settled(seen, 'options', connection[method]({ sql: text, values: [2, 'b'] }));
      await settled(seen, 'sql', connection[method]('SELECT 3 AS n'));
      await settled(seen, 'error', connection[method]('SELECT nothing FROM nowhere'));
      thrown(seen, 'a callback', () => connection[method]('SELECT 1', () => {}));
    }
    await settled(seen, 'undefined', connection.execute('SELECT ?', [undefined]));
    await settled(seen, 'no sql', connection.query());
    await settled(seen, 'ping', connection.ping());
    await settled(seen, 'reset', connection.reset());
    await settled(seen, 'connect', connection.connect());
    await settled(seen, 'changeUser', connection.changeUser({ database: options.database }));
    await settled(seen, 'begin', connection.beginTransaction());
    await settled(seen, 'rollback', connection.rollback());
    await settled(seen, 'commit', connection.commit());
    await settled(seen, 'end', connection.end());
    await settled(seen, 'ended', connection.query('SELECT 1'));
    await settled(seen, 'ended, execute', connection.execute('SELECT 1'));
  },

  'errors and their stacks': (seen) =>
    withConnection(async (connection) => {
      const promised = connection.promise();
      async function inAFunctionOfTheApplication(sql, values) {
        await promised.query(sql, values);
      }
      await promised.query('CREATE TEMPORARY TABLE parity_unique (n INT PRIMARY KEY, t VARCHAR(2) NOT NULL)');
      for (const [sql, values] of [
        ['SELECT nothing FROM parity_unique'],
        ["INSERT INTO parity_unique VALUES (1, 'a'), (1, 'b')"],
        ['INSERT INTO parity_unique VALUES (?, ?)', [2, null]],
        ["SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'own'"],
        ['SELECT * FROM parity_nowhere.t'],
      ]) {
        await settled(seen, sql, inAFunctionOfTheApplication(sql, values));
        await told(seen, sql, (done) => connection.query(sql, values, done));
      }
      for (const call of [
        () => connection.query(null),
        () => connection.query(),
        () => connection.execute('SELECT ?', { a: 1 }, () => {}),
        () => connection.execute('SELECT ?', [undefined], () => {}),
        () => connection.execute('SELECT ?', [() => {}], () => {}),
      ]) {
        thrown(seen, 'thrown', call);
      }
      const throwing = {
        get sql() {
          throw new Error('of the getter');
        },
      };
      thrown(seen, 'a getter that throws', () => connection.query(throwing));
      await settled(seen, 'afterwards', promised.query('SELECT 1 AS n'));
    }),

  'forms of rows': (seen) =>
    withConnection(
      async (connection) => {
        const query = connection.promise();
        const sql = "SELECT 1 AS n, 'a' AS t, NOW() < 0 AS b, CAST('1970-01-01' AS DATE) AS d";
        await settled(seen, 'arrays', query.query({ sql, rowsAsArray: true }));
        await settled(
          seen,
          'nested',
          query.query({ sql: 'SELECT x.n, x.n AS m FROM (SELECT 1 AS n) x', nestTables: true }),
        );
        await settled(
          seen,
          'joined',
          query.query({ sql: 'SELECT x.n FROM (SELECT 1 AS n) x', nestTables: '_' }),
        );
        const typeCast = (field, next) => (field.name === 'n' ? `own ${field.string()}` : next());
        await settled(seen, 'typeCast', query.query({ sql, typeCast }));
        await settled(seen, 'strings', query.query({ sql, dateStrings: true, typeCast: false }));
        await settled(seen, 'several', query.query('SELECT 1 AS n; SELECT 2 AS m; SET @a = 1'));
        await settled(seen, 'an error among them', query.query('SELECT 1 AS n; SELECT nothing'));
        await settled(seen, 'named', query.query('SELECT :a AS a, :b AS b', { a: 1, b: 'x' }));
        await settled(seen, 'named, executed', query.execute('SELECT :a AS a', { a: 1 }));
        await settled(
          seen,
          'written',
          query.query('CREATE TEMPORARY TABLE parity_w (n INT AUTO_INCREMENT PRIMARY KEY, m INT)'),
        );
        await settled(seen, 'inserted', query.query('INSERT INTO parity_w (m) VALUES ?', [[[1], [2]]]));
        await settled(seen, 'updated', query.execute('UPDATE parity_w SET m = ?', [2]));
        await settled(seen, 'none', query.query('SELECT m FROM parity_w WHERE false'));
        await settled(seen, 'comment', query.query('/* nothing */'));
      },
      { multipleStatements: true, namedPlaceholders: true },
    ),

  'compressed, formatted, from a file': async (seen) => {
    const factory = (path) => {
      seen('a file', [path, own.getStore()]);
      return Readable.from([Buffer.from('1\n2\n')]);
    };
    const queryFormat = (sql, values) => `/* own */ ${sql.replace('?', String(values))}`;
    await withConnection(
      async (connection) => {
        const query = connection.promise();
        await settled(
          seen,
          'long',
          query.query("SELECT LENGTH(?) AS n, REPEAT('a', 200) AS a", ['b'.repeat(5000)]),
        );
        await query.query('CREATE TEMPORARY TABLE parity_f (n INT)');
        const sql = "LOAD DATA LOCAL INFILE 'parity' INTO TABLE parity_f";
        await settled(seen, 'without a factory', query.query(sql));
        await settled(
          seen,
          'with one',
          own.run('caller', () => query.query({ sql, infileStreamFactory: factory })),
        );
        await settled(seen, 'rows', query.query('SELECT n FROM parity_f'));
      },
      { compress: true },
    );
    await withConnection(
      (connection) => settled(seen, 'own format', connection.promise().query('SELECT ? AS n', 5)),
      {
        queryFormat,
      },
    );
  },

  'prepared statements': (seen) =>
    withConnection(async (connection) => {
      const [, statement] = await told(seen, 'prepare', (done) =>
        own.run('caller', () => connection.prepare(text, done)),
      );
      seen('its class', [statement.constructor.name, statement.execute, statement.close]);
      await told(seen, 'execute', (done) => own.run('caller', () => statement.execute([1, 'a'], done)));
      await told(seen, 'again', (done) => statement.execute([2, 'b'], done));
      await told(seen, 'too few', (done) => statement.execute([3], done));
      const command = own.run('caller', () => statement.execute([4, 'd']));
      watch(seen, 'events', command, ['fields', 'result', 'error', 'end']);
      await new Promise((resolve) => command.once('end', resolve));
      seen('closed', statement.close().constructor.name);
      await told(seen, 'broken', (done) => connection.prepare('SELECT nothing', done));
      const promised = connection.promise();
      const prepared = await promised.prepare('SELECT ? AS n');
      await settled(seen, 'by promise', prepared.execute([5]));
      await settled(seen, 'error', prepared.execute([5, 6]));
      await settled(seen, 'closed', prepared.close());
      await settled(seen, 'not prepared', promised.prepare('SELECT nothing'));
      await settled(seen, 'kept', promised.execute('SELECT ? AS m', [7]));
      seen('unprepared', shown(connection.unprepare('SELECT ? AS m')));
      seen('unprepared again', connection.unprepare('SELECT ? AS m'));
    }),

  events: (seen) =>
    withConnection(async (connection) => {
      const all = ['fields', 'result', 'error', 'end'];
      for (const [label, call] of [
        ['query', () => connection.query(text, [1, 'a'])],
        ['error', () => connection.query('SELECT nothing')],
        ['execute', () => connection.execute(text, [2, 'b'])],
        ['execute error', () => connection.execute('SELECT nothing')],
        ['a callback too', () => connection.query(text, [3, 'c'], () => seen('called back', own.getStore()))],
        [
          'executed with one',
          () => connection.execute(text, [4, 'd'], () => seen('called back', own.getStore())),
        ],
        ['ping', () => connection.ping(() => seen('pong', own.getStore()))],
      ]) {
        const command = own.run(label, call);
        watch(seen, label, command, all);
        await new Promise((resolve) => command.once('end', resolve));
      }
      await connection.promise().ping();
    }),

  'several queries at once': (seen) =>
    withConnection(async (connection) => {
      const order = [];
      for (const n of [1, 2, 3]) {
        own.run(n, () =>
          connection.query('SELECT ? AS n', [n], (_, rows) => order.push([rows, own.getStore()])),
        );
        own.run(n, () =>
          connection.execute('SELECT ? AS n', [n], (_, rows) => order.push([rows, own.getStore()])),
        );
      }
      own.run('error', () =>
        connection.query('SELECT nothing', (error) => order.push([error.code, own.getStore()])),
      );
      await until(() => order.length === 7);
      seen('order', order);
    }),
};
