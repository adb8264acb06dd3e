// An application that asks a database within a call of a pool: in its listeners, its checks and the functions among
// its options. Each way is a point of its own, with two requests: the first one opens the connection.
const { Readable } = require('node:stream');
const { profiler } = require('ostrace');

const way = (name, body) => profiler.trace(name, body);

async function pg() {
  const { Client, Pool } = require('pg');
  const other = new Pool({ max: 1 });
  await other.query('select 1');
  // A pool that is ended forgets who waits for it.
  const asked = [];
  const askOther = (text) => void asked.push(other.query(text));
  const ask = async (name, options, prepare = () => {}) => {
    const pool = new Pool({ max: 1, ...options });
    prepare(pool);
    await way(name, async () => {
      await profiler.trace('first', () => pool.query('select 1'));
      await profiler.trace('second', () => pool.query('select 2'));
      await profiler.trace('third', async () => {
        const client = await pool.connect();
        await client.query('select 3');
        client.release();
      });
    });
    await pool.end();
  };
  const set = (client) => client.query('set search_path to public');
  for (const event of ['connect', 'acquire', 'release', 'remove']) {
    await ask(`on ${event}`, {}, (pool) =>
      pool.on(event, (...given) => {
        const client = given.find((each) => each instanceof Client);
        // Nothing is to be asked any more of a client that is removed.
        if (event === 'remove') askOther('select 4');
        else set(client).catch(() => {});
      }),
    );
  }
  await ask('on connect by a callback', {}, (pool) =>
    pool.on('connect', (client) => client.query('set search_path to public', () => {})),
  );
  await ask('on connect later', {}, (pool) =>
    pool.on('connect', async (client) => {
      await null;
      await set(client);
      await other.query('select 5');
    }),
  );
  await ask('verify', {
    verify: (client, done) => client.query('set search_path to public', (error) => done(error)),
  });
  await ask('onConnect', { onConnect: async (client) => void (await set(client)) });
  await ask('log', {
    log: (said) => {
      if (said === 'connecting new client' || said === 'dispatching query') askOther('select 6');
    },
  });
  await ask('a class', {
    Client: class extends Client {
      constructor(options) {
        super(options);
        askOther('select 7');
      }
    },
  });
  await ask('a stream', {
    stream: () => {
      askOther('select 8');
      return new (require('node:net').Socket)();
    },
  });
  // A caller who throws a client away has none of the work for those who wait.
  const waited = new Pool({ max: 1 });
  waited.on('connect', (client) => set(client).catch(() => {}));
  await way('another client', async () => {
    for (const [name, wait] of [
      ['query', () => waited.query('select 9')],
      ['checkout', async () => (await waited.connect()).release(true)],
    ]) {
      const held = await profiler.trace('held', () => waited.connect());
      const waiting = profiler.trace(name, wait);
      profiler.trace('gives', () => held.release(true));
      await waiting;
    }
  });
  await waited.end();
  const converted = new Pool({ max: 1 });
  await converted.query('select 1');
  await way('a value', () => {
    const toPostgres = () => {
      askOther('select 9');
      return '10';
    };
    return converted.query('select $1::int', [{ toPostgres }]);
  });
  await converted.end();
  await Promise.all(asked);
  await other.end();
}

async function mysql() {
  const mysql2 = require('mysql2');
  const options = {
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
  };
  const by = (owner, method, ...args) =>
    new Promise((resolve, reject) =>
      owner[method](...args, (error, result) => (error ? reject(error) : resolve(result))),
    );
  const other = mysql2.createPool({ ...options, connectionLimit: 1 });
  await by(other, 'query', 'select 1');
  const ask = async (name, more, prepare = () => {}) => {
    const pool = mysql2.createPool({ ...options, connectionLimit: 1, ...more });
    prepare(pool);
    await way(name, async () => {
      await profiler.trace('first', () => by(pool, 'query', 'select 1'));
      await profiler.trace('second', () => by(pool, 'execute', 'select 2', []));
      await profiler.trace('third', async () => {
        const connection = await by(pool, 'getConnection');
        await by(connection, 'query', 'select 3');
        connection.release();
      });
      await profiler.trace('fourth', () =>
        Promise.all([by(pool, 'query', 'select 4'), by(pool, 'query', 'select 5')]),
      );
    });
    await by(pool, 'end');
  };
  for (const event of ['connection', 'acquire', 'release']) {
    await ask(`on ${event}`, {}, (pool) =>
      pool.on(event, (connection) => connection.query('set @a = 1', () => {})),
    );
  }
  await ask('on connection by a statement', {}, (pool) =>
    pool.on('connection', (connection) => connection.execute('set @a = 1', () => {})),
  );
  await ask('on enqueue', {}, (pool) => pool.on('enqueue', () => other.query('set @a = 2', () => {})));
  await ask('a stream', {
    stream: () => {
      other.query('set @a = 3', () => {});
      return require('node:net').connect(options.port, options.host);
    },
  });
  await by(other, 'query', 'create temporary table loaded (a int)');
  await by(other, 'query', 'set global local_infile = 1').catch(() => {});
  const waited = mysql2.createPool({ ...options, connectionLimit: 1 });
  waited.on('connection', (connection) => connection.query('set @a = 5', () => {}));
  await way('another connection', async () => {
    const held = await profiler.trace('held', () => by(waited, 'getConnection'));
    const waiting = profiler.trace('query', () => by(waited, 'query', 'select 9'));
    profiler.trace('gives', () => held.destroy());
    await waiting;
  });
  await by(waited, 'end');
  const formatted = mysql2.createPool({
    ...options,
    connectionLimit: 1,
    queryFormat: (text) => {
      other.query('set @a = 4', () => {});
      return text;
    },
  });
  await by(formatted, 'query', 'select 1');
  await way('a format', () => by(formatted, 'query', 'select 2'));
  await by(formatted, 'end');
  const source = mysql2.createConnection(options);
  await by(source, 'query', 'select 1');
  await way('a file', () =>
    by(other, 'query', {
      sql: "load data local infile 'rows' into table loaded",
      infileStreamFactory: () =>
        Readable.from(
          (async function* () {
            for (const { n } of await by(source, 'query', 'select 9 as n')) yield Buffer.from(`${n}\n`);
          })(),
        ),
    }),
  );
  source.end();
  await by(other, 'end');
}

void (process.argv[2] === 'mysql' ? mysql() : pg());
