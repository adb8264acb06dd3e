const { createRequire } = require('node:module');

const { classOf, listeners, printed, surface } = require('./databases/looks.cjs');

exports.title = 'pg: its exports, classes and objects';
exports.points = ['db', 'sql'];

/** Runs a body with a client that is connected. */
async function withClient(body, config) {
  const pg = require('pg');
  const client = new pg.Client(config);
  await client.connect();
  await body(client, pg);
  await client.end();
}

exports.cases = {
  'what is exported': async (seen) => {
    const pg = require('pg');
    seen('pg', surface(pg));
    seen('defaults', surface(pg.defaults));
    seen('types', surface(pg.types));
    seen('utils', surface(pg.utils));
    seen('pg as a whole', surface(Object.getPrototypeOf(pg)));
  },

  'the files that are loaded': async (seen) => {
    const { native } = Object.getOwnPropertyDescriptors(require('pg'));
    seen('native', native);
    const files = Object.keys(require.cache).flatMap((file) => /node_modules.(pg.*)$/.exec(file)?.[1] ?? []);
    seen('files', files);
    // `native` is a getter that looks for pg-native: nobody but the application may touch it.
    seen('native was touched', files.includes('pg/lib/native/index.js'));
  },

  'classes and prototypes': async (seen) => {
    const pg = require('pg');
    const own = ['Client', 'Pool', 'Query', 'Connection', 'Result', 'DatabaseError', 'TypeOverrides'];
    for (const name of own) seen(name, classOf(pg[name]));
    seen('the pool behind it', classOf(Object.getPrototypeOf(pg.Pool)));
    const ofPg = createRequire(require.resolve('pg'));
    seen('pg-pool', ofPg('pg-pool') === Object.getPrototypeOf(pg.Pool));
    for (const name of ['pg-cursor', 'pg-query-stream']) seen(name, classOf(require(name)));
  },

  'the client alone, loaded before pg': async (seen) => {
    const Client = require('pg/lib/client');
    seen('the same', Client === require('pg').Client);
    seen('its query', Client.prototype.query === require('pg').Client.prototype.query);
    seen('its name', [Client.name, Client.length, String(Client.prototype)]);
  },

  'names and lengths of methods': async (seen) => {
    const pg = require('pg');
    const Pool = Object.getPrototypeOf(pg.Pool);
    for (const { prototype } of [pg.Client, Pool]) {
      for (const name of ['query', 'connect', 'end']) seen(name, prototype[name]);
    }
    for (const name of ['query', 'connect']) {
      // A method is no constructor.
      try {
        seen('constructed', new pg.Client.prototype[name]().constructor.name);
      } catch (error) {
        seen('constructed', error.message.replace(/^.* is/, 'it is'));
      }
    }
  },

  'a client': async (seen) => {
    await withClient(async (client, pg) => {
      seen('classes', [client instanceof pg.Client, client.constructor === pg.Client]);
      seen('keys', Object.keys(client));
      seen('in it', Object.keys(Object.assign({}, client)));
      seen('query', Object.hasOwn(client, 'query'));
      seen('listeners', listeners(client));
      seen('printed', printed(client));
      await client.query('SELECT 1');
      seen('printed after a query', printed(client));
      seen('listeners after a query', listeners(client));
      seen('of the connection', listeners(client.connection));
    });
  },

  'all names of a client, inherited ones too': async (seen) => {
    await withClient(async (client) => {
      const names = [];
      for (const name in client) names.push(name);
      seen('for … in', names);
    });
  },

  'a client that is shared': async (seen) => {
    const { Client } = require('pg');
    const client = new Client();
    seen('before', listeners(client));
    const connected = client.connect();
    seen('connecting', [Object.keys(client), connected]);
    await connected;
    seen('by call', (await Client.prototype.query.call(client, 'SELECT 2 AS n')).rows);
    seen('by apply', (await Reflect.apply(client.query, client, ['SELECT 3 AS n'])).rows);
    const wrapped = new Proxy(client, {});
    seen('through a proxy', (await wrapped.query('SELECT 4 AS n')).rows);
    await client.end();
  },

  'a pool': async (seen) => {
    const pg = require('pg');
    const options = Object.freeze({ max: 1, password: 'secret', ssl: false });
    const pool = new pg.Pool(options);
    seen('classes', [pool instanceof pg.Pool, pool.constructor === pg.Pool, pool.Client === pg.Client]);
    seen('printed', printed(pool));
    const query = pool.query('SELECT 1');
    seen('keys', Object.keys(pool));
    seen('promises', [pool.Promise === Promise, Object.hasOwn(pool, 'Promise')]);
    await query;
    seen('printed after a query', printed(pool, { depth: 1 }));
    seen('listeners', listeners(pool));
    const client = await pool.connect();
    seen('a client of it', [client.constructor === pg.Client, listeners(client)]);
    seen('keys of a client of it', Object.keys(client));
    seen('its release', client.release);
    client.release();
    seen('listeners of an idle one', listeners(client));
    await pool.end();
  },

  'a query and a cursor of the application': async (seen) => {
    await withClient(async (client, pg) => {
      const Cursor = require('pg-cursor');
      const QueryStream = require('pg-query-stream');
      const callback = () => {};
      const query = new pg.Query('SELECT 1 AS n', callback);
      for (const submittable of [
        query,
        new pg.Query('SELECT 2 AS n'),
        new Cursor('SELECT 3 AS n'),
        new QueryStream('SELECT 4 AS n'),
      ]) {
        const before = [Object.keys(submittable), submittable.read, submittable.close, submittable.emit];
        const given = client.query(submittable);
        const after = [Object.keys(submittable), submittable.read, submittable.close, submittable.emit];
        seen('the same object', given === submittable);
        seen('before', before);
        seen('after', after);
        seen('listeners', listeners(submittable));
        seen('printed', printed(submittable));
        if (submittable instanceof Cursor) await submittable.close();
        else if (submittable instanceof QueryStream) submittable.destroy();
        else await new Promise((resolve) => submittable.once('end', resolve));
        seen('at the end', [Object.keys(submittable), listeners(submittable)]);
      }
      seen('its callback', query.callback === callback);
    });
  },
};

exports.except = {
  'all names of a client, inherited ones too': {
    variants: ['beside', 'traced'],
    because:
      'an own `emit` is what keeps a traced client’s events apart; being hidden, it hides the inherited one, ' +
      'which EventEmitter shows, from `for … in`',
  },
};
