const { own, settled, thrown, told } = require('./databases/looks.cjs');
const { withClient } = require('./databases/postgresql.cjs');

exports.title = 'pg: the forms of a query';
exports.points = ['db', 'sql'];

const text = 'SELECT $1::int AS n, $2::text AS t';

exports.cases = {
  callbacks: (seen) =>
    withClient(async (client) => {
      const query = (...args) => own.run('caller', () => client.query(...args));
      await told(seen, 'text, values', (done) => query(text, [1, 'a'], done));
      await told(seen, 'text', (done) => query("SELECT 2 AS n, 'b' AS t", done));
      await told(seen, 'text, no values', (done) => query('SELECT 3 AS n', undefined, done));
      await told(seen, 'text, null', (done) => query('SELECT 4 AS n', null, done));
      await told(seen, 'config, values', (done) => query({ text }, [5, 'c'], done));
      await told(seen, 'config', (done) => query({ text, values: [6, 'd'] }, done));
      await told(seen, 'callback in it', (done) => query({ text, values: [7, 'e'], callback: done }));
      await told(seen, 'both', (done) => query({ text, values: [8, 'f'], callback() {} }, done));
      await told(seen, 'two functions', (done) => query('SELECT 9 AS n', () => {}, done));
      await told(seen, 'more than it takes', (done) => query(text, [10, 'g'], done, () => {}));
      await told(seen, 'error', (done) => query('SELECT nothing FROM nowhere', done));
      await told(seen, 'error of a value', (done) => query(text, ['x', 1], done));
      // After an error the server says in a message of its own that it is ready.
      await client.query('SELECT 1');
      await told(seen, 'no text', (done) => query({}, done));
      await told(seen, 'values that are none', (done) => query({ text: 'SELECT 1', values: 5 }, done));
    }),

  promises: (seen) =>
    withClient(async (client) => {
      await settled(seen, 'text', client.query('SELECT 1 AS n'));
      await settled(seen, 'text, values', client.query(text, [1, 'a']));
      await settled(seen, 'config', client.query({ text, values: [2, 'b'] }));
      await settled(seen, 'config, values', client.query({ text }, [3, 'c']));
      await settled(seen, 'several', client.query('SELECT 4 AS n; SELECT 5 AS m'));
      await settled(seen, 'none', client.query(''));
      await settled(seen, 'no rows', client.query('SELECT 1 WHERE false'));
      await settled(seen, 'a command', client.query('SET application_name TO parity'));
      await settled(seen, 'written', client.query('CREATE TEMPORARY TABLE t AS SELECT 1 AS n'));
      await settled(seen, 'updated', client.query('UPDATE t SET n = n + $1 RETURNING n + 0 AS n', [1]));
    }),

  errors: (seen) =>
    withClient(async (client, pg) => {
      async function ask(sql, values) {
        try {
          await client.query(sql, values);
        } catch (error) {
          // The number of a schema of temporary tables is the connection's, and counted in the length.
          if (error.schema) Object.assign(error, { schema: error.schema.replace(/\d+$/, ''), length: 0 });
          seen(sql, error);
          seen('its class', error instanceof pg.DatabaseError);
          seen('its properties', Reflect.ownKeys(error).map(String));
        }
      }
      await client.query(
        'CREATE TEMPORARY TABLE unique_n (n int PRIMARY KEY, t text NOT NULL CHECK (t > $$a$$))',
      );
      await client.query("INSERT INTO unique_n VALUES (1, 'b')");
      await ask('SELECT nothing FROM nowhere');
      await ask("INSERT INTO unique_n VALUES (1, 'b')");
      await ask("INSERT INTO unique_n VALUES (2, 'a')");
      await ask('INSERT INTO unique_n VALUES (3, NULL)');
      await ask('SELECT 1 / $1::int', [0]);
      await ask('SELECT $1::int', ['no number']);
      await ask('SELECT $1::int', []);
      await ask(
        "DO $$ BEGIN RAISE EXCEPTION 'own' USING HINT = 'h', DETAIL = 'd', ERRCODE = 'XX123'; END $$",
      );
      thrown(seen, 'null', () => client.query(null));
      thrown(seen, 'undefined', () => client.query());
      thrown(seen, 'a callback that is none', () => client.query({ text: 'SELECT 1', callback: 'x' }));
      await settled(seen, 'a number', client.query(5));
      await settled(seen, 'no text', client.query({}));
      await settled(seen, 'a circle', client.query('SELECT $1::text', [circle()]));
      await settled(seen, 'afterwards', client.query('SELECT 1 AS n'));
    }),

  'a config of any kind': (seen) =>
    withClient(async (client, pg) => {
      const ask = async (label, config, ...args) => {
        const before = Object.getOwnPropertyDescriptors(config);
        await settled(seen, label, client.query(config, ...args));
        seen(`${label}, before`, before);
        seen(`${label}, after`, Object.getOwnPropertyDescriptors(config));
      };
      class Own {
        text = 'SELECT $1::int AS own';
        values = [2];
        get rowMode() {
          return 'array';
        }
      }
      const hidden = Object.defineProperty({ values: [3] }, 'text', {
        get: () => 'SELECT $1::int AS hidden',
      });
      const symbol = Symbol('s');
      await ask('frozen', Object.freeze({ text: 'SELECT $1::int AS n', values: Object.freeze([1]) }));
      await ask('instance', new Own());
      await ask('getter', hidden);
      await ask('inherited', Object.create({ text: 'SELECT 4 AS n' }));
      await ask('no prototype', Object.assign(Object.create(null), { text: 'SELECT 5 AS n', [symbol]: 1 }));
      await ask('values given', { text: 'SELECT $1::int AS n', values: [6] }, [7]);
      await ask('proxy', new Proxy({ text: 'SELECT 8 AS n' }, {}));
      for (const config of [
        Object.freeze({ text: 'SELECT 9 AS n', callback: noted }),
        Object.assign(new Own(), { callback: noted }),
        Object.create({ text: 'SELECT 10 AS n', callback: noted }),
      ]) {
        seen('returned', client.query(config));
        await client.query('SELECT 1');
        seen('its callback', [
          config.callback === noted,
          Object.getOwnPropertyDescriptor(config, 'callback'),
        ]);
      }
      function noted(...args) {
        seen('called back', [this instanceof pg.Query, args]);
      }
      const throwing = {
        get text() {
          throw new Error('of the getter');
        },
      };
      thrown(seen, 'a getter that throws', () => client.query(throwing));
      await settled(seen, 'afterwards', client.query('SELECT 11 AS n'));
    }),

  'rows and types': (seen) =>
    withClient(async (client, pg) => {
      const types = { getTypeParser: () => (value) => `own ${value}` };
      await settled(seen, 'array', client.query({ text: 'SELECT 1 AS a, 2 AS a', rowMode: 'array' }));
      await settled(seen, 'types', client.query({ text: 'SELECT 1 AS n, true AS b', types }));
      await settled(seen, 'binary', client.query({ text: 'SELECT 1 AS n', binary: true }));
      await settled(seen, 'rows', client.query({ text: 'SELECT generate_series(1, 5) AS n', rows: 2 }));
      await settled(seen, 'extended', client.query({ text: 'SELECT 1 AS n', queryMode: 'extended' }));
      client.setTypeParser(23, (value) => `client ${value}`);
      await settled(seen, 'of the client', client.query('SELECT 1 AS n'));
      pg.types.setTypeParser(25, (value) => value.toUpperCase());
      await settled(seen, 'of all', client.query("SELECT 'a'::text AS t"));
      pg.types.setTypeParser(25, String);
      const values = [new Date(0), Buffer.from('b'), [1, [2]], { a: 1 }, { toPostgres: () => 'own' }, null];
      const casts = values.map((_, i) => `$${i + 1}::text AS v${i}`).join();
      await settled(
        seen,
        'values',
        client.query(`SELECT ${casts}`, [...values.slice(0, 2), ...values.slice(2)]),
      );
      const parser = { getTypeParser: () => () => fail('in the parser') };
      await settled(seen, 'a parser that throws', client.query({ text: 'SELECT 1', types: parser }));
      const mapper = { toPostgres: () => fail('in toPostgres') };
      await settled(seen, 'a value that throws', client.query('SELECT $1::text', [mapper]));
      await settled(seen, 'afterwards', client.query('SELECT 2 AS n'));
    }),

  'prepared statements': (seen) =>
    withClient(async (client) => {
      const named = { name: 'parity', text: 'SELECT $1::int AS n' };
      await settled(seen, 'first', client.query({ ...named, values: [1] }));
      await settled(seen, 'again', client.query({ ...named, values: [2] }));
      await settled(seen, 'by its name', client.query({ name: 'parity', values: [3] }));
      await settled(seen, 'another text', client.query({ name: 'parity', text: 'SELECT 4' }));
      await settled(seen, 'broken', client.query({ name: 'broken', text: 'SELECT nothing' }));
      await settled(seen, 'mended', client.query({ name: 'broken', text: 'SELECT 5 AS n' }));
      await settled(seen, 'an unknown one', client.query({ name: 'unknown' }));
      await told(seen, 'callback', (done) => client.query(named, [6], done));
      seen('prepared', Object.keys(client.connection.parsedStatements));
    }),

  'a query of the application': (seen) =>
    withClient(async (client, pg) => {
      const order = [];
      const note = (what) =>
        function (...args) {
          order.push(what);
          seen(what, { by: this.constructor.name, store: own.getStore(), args });
        };
      const done = note('callback');
      const query = new pg.Query('SELECT generate_series(1, 2) AS n', done);
      own.run('caller', () => seen('returned', client.query(query) === query));
      await client.query('SELECT 1');
      seen('its callback', [query.callback === done, query.callback.name]);
      const events = new pg.Query('SELECT $1::int AS n', [3]);
      for (const event of ['row', 'end', 'error']) events.on(event, note(event));
      seen('returned', client.query(events) === events);
      await client.query('SELECT 1');
      const failing = new pg.Query('SELECT nothing');
      failing.on('error', note('error'));
      client.query(failing);
      await client.query('SELECT 1');
      const called = new pg.Query('SELECT 4 AS n');
      await told(seen, 'callback as an argument', (next) => client.query(called, next));
      const valued = new pg.Query({ text: 'SELECT 5 AS n' });
      await told(seen, 'values and callback', (next) => client.query(valued, [], next));
      await told(seen, 'error', (next) => client.query(new pg.Query('SELECT nothing', next)));
      seen('order', order);
    }),

  'several queries at once': (seen) =>
    withClient(async (client) => {
      const order = [];
      const all = ['SELECT 1 AS n', 'SELECT nothing', 'SELECT 3 AS n'].map((sql, i) =>
        client.query(sql).then(
          ({ rows }) => order.push([i, rows]),
          ({ message }) => order.push([i, message]),
        ),
      );
      client.query('SELECT 4 AS n', (error, { rows }) => order.push([3, rows]));
      client.once('drain', () => seen('drained', order.length));
      await Promise.all(all);
      await client.query('SELECT 5');
      seen('order', order);
    }),

  'a pipeline': (seen) =>
    withClient(
      async (client, pg) => {
        const order = [];
        const ask = (sql, values) =>
          client.query(sql, values).then(
            ({ rows }) => order.push(rows),
            (error) => {
              order.push(error.message);
              seen(sql, error);
            },
          );
        await Promise.all([
          ask('SELECT $1::int AS n', [1]),
          ask('SELECT nothing'),
          ask({ name: 'named', text: 'SELECT 3 AS n' }),
          ask({ name: 'named', text: 'SELECT 3 AS n' }),
          ask({ text: 'SELECT 4 AS n', rows: 1 }),
        ]);
        const query = new pg.Query('SELECT 6 AS n', (error, { rows }) => order.push(rows));
        client.query(query);
        const Cursor = require('pg-cursor');
        const cursor = client.query(new Cursor('SELECT 7 AS n'));
        await settled(seen, 'a cursor', cursor.read(1));
        await client.query('SELECT 8 AS n');
        seen('order', order);
      },
      { pipeline: true },
    ),
};

function circle() {
  const value = {};
  value.value = value;
  return value;
}

function fail(message) {
  throw new Error(message);
}
