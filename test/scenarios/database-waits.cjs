// Has calls wait for each thing that a call of a database can wait for: a pool's connection, the opening of one, the
// turn on one. A server that answers late makes openings long. Each way is a point of its own.
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { profiler } = require('ostrace');

const way = (name, body) => profiler.trace(name, body);

/** A server between the client and the database, which lets a connection wait first. */
function late(host, port) {
  const server = net.createServer(async (from) => {
    from.on('error', () => {});
    from.pause();
    await sleep(150);
    if (from.destroyed) return;
    const to = net.connect(port, host);
    to.on('error', () => {});
    from.pipe(to).pipe(from);
    from.on('close', () => to.destroy());
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.unref())));
}

async function pg() {
  const { Client, Pool, Query } = require('pg');
  const Cursor = require('pg-cursor');
  const slow = 'select pg_sleep(0.15)';
  const client = new Client();
  await client.connect();
  await way('alone', () => client.query('select 1'));
  await way('turn', () => Promise.all([client.query(slow), client.query('select 2')]));
  await way('turns', () =>
    Promise.all([
      client.query(slow),
      client.query({ text: slow, values: [] }),
      client.query('select $1::int', [3]),
    ]),
  );
  await way(
    'turn by callback',
    () =>
      new Promise((resolve) => {
        client.query(slow, () => {});
        client.query('select 2', resolve);
      }),
  );
  await way('turn of a query object', async () => {
    const first = client.query(slow);
    const query = client.query(new Query('select 2'));
    await new Promise((resolve) => query.on('end', resolve));
    return first;
  });
  await way('turn of a cursor', async () => {
    const first = client.query(slow);
    const cursor = client.query(new Cursor('select 2'));
    await cursor.read(10);
    await cursor.close();
    return first;
  });
  await way('turn of an error', async () => {
    const first = client.query(slow);
    await client.query('select nothing').catch(() => {});
    return first;
  });
  await way('turn behind an error', async () => {
    const first = client.query('select 1 / (select 0 from pg_sleep(0.15))').catch(() => {});
    await client.query('select 2');
    return first;
  });
  await client.end();
  const pipelining = new Client({ pipeline: true });
  await pipelining.connect();
  await way('turn in a pipeline', () => Promise.all([pipelining.query(slow), pipelining.query('select 2')]));
  await pipelining.end();
  const server = await late(process.env.PGHOST, process.env.PGPORT);
  const there = { host: '127.0.0.1', port: server.address().port };
  const opening = new Client(there);
  await way('connect', () => Promise.all([opening.connect(), opening.query('select 1')]));
  await opening.end();
  const pool = new Pool({ ...there, max: 1 });
  await way('pool that opens', () => pool.query('select 1'));
  await way('pool at once', () => pool.query('select 1'));
  await way('pool', () => Promise.all([pool.query(slow), pool.query('select 2')]));
  await way('checkout', async () => {
    const first = pool.query(slow);
    const held = await pool.connect();
    held.release();
    return first;
  });
  await way('checkout by callback', async () => {
    const first = pool.query(slow);
    await new Promise((resolve) =>
      pool.connect((_error, _client, release) => {
        release();
        resolve();
      }),
    );
    return first;
  });
  await way('pool that opens another', async () => {
    const held = await pool.connect();
    const second = pool.query('select 2');
    await sleep(150);
    held.release(true);
    await second;
  });
  await pool.end();
  const set = new Pool({ max: 1 });
  set.on('connect', (each) => void each.query(slow));
  await way('turn behind a handler', () => set.query('select 1'));
  await set.end();
  const patient = new Pool({ max: 1 });
  // The limit is also one for opening a connection, which a busy machine does not keep.
  await patient.query('select 1');
  patient.options.connectionTimeoutMillis = 120;
  await way('pool in vain', async () => {
    const first = patient.query('select pg_sleep(0.3)');
    await patient.query('select 2').catch(() => {});
    return first;
  });
  await patient.end();
}

async function mysql() {
  const mysql2 = require('mysql2');
  const promises = require('mysql2/promise');
  const options = {
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
  };
  const slow = 'select sleep(0.15)';
  const connection = mysql2.createConnection(options);
  const by = (owner, method, ...args) =>
    new Promise((resolve, reject) =>
      owner[method](...args, (error, result) => (error ? reject(error) : resolve(result))),
    );
  const query = (...args) => by(connection, 'query', ...args);
  await query('select 1');
  await way('alone', () => query('select 1'));
  await way('turn by callback', () => Promise.all([query(slow), query('select 2')]));
  await way('turns', () =>
    Promise.all([
      query(slow),
      by(connection, 'execute', slow, []),
      by(connection, 'execute', 'select ?', [3]),
    ]),
  );
  await way('turn of events', async () => {
    const first = query(slow);
    const second = connection.query('select 2');
    await new Promise((resolve) => second.on('end', resolve));
    return first;
  });
  await way('turn of an error', async () => {
    const first = query(slow);
    await query('select nothing').catch(() => {});
    return first;
  });
  const statement = await by(connection, 'prepare', 'select ?');
  await way('turn of a statement', () => Promise.all([query(slow), by(statement, 'execute', [2])]));
  await way('turn of preparing', () => Promise.all([query(slow), by(connection, 'prepare', 'select 1 + ?')]));
  connection.end();
  const promised = await promises.createConnection(options);
  await way('turn', () => Promise.all([promised.query(slow), promised.query('select 2')]));
  await promised.end();
  const server = await late(options.host, options.port);
  const there = { ...options, host: '127.0.0.1', port: server.address().port };
  await way('connect', async () => {
    const opening = mysql2.createConnection(there);
    await by(opening, 'query', 'select 1');
    opening.end();
  });
  const pool = mysql2.createPool({ ...there, connectionLimit: 1 });
  await way('pool that opens', () => by(pool, 'query', 'select 1'));
  await way('pool at once', () => by(pool, 'query', 'select 1'));
  await way('pool', () => Promise.all([by(pool, 'query', slow), by(pool, 'execute', 'select 2')]));
  await way('checkout', async () => {
    const first = pool.promise().query(slow);
    const held = await pool.promise().getConnection();
    held.release();
    return first;
  });
  await way('checkout by callback', async () => {
    const first = by(pool, 'query', slow);
    (await by(pool, 'getConnection')).release();
    return first;
  });
  await way('pool that opens another', async () => {
    const held = await by(pool, 'getConnection');
    const second = by(pool, 'query', 'select 2');
    await sleep(150);
    held.destroy();
    await second;
  });
  await by(pool, 'end');
  const set = mysql2.createPool({ ...options, connectionLimit: 1 });
  set.on('connection', (each) => each.query(slow));
  await way('turn behind a handler', () => by(set, 'query', 'select 1'));
  await by(set, 'end');
}

/** Where Redis is, and a server before it that lets a connection wait. */
async function redisServers() {
  const { hostname, port, pathname } = new URL(process.env.REDIS_URL);
  const server = await late(hostname, port);
  return { host: '127.0.0.1', port: server.address().port, db: Number(pathname.slice(1)), server };
}

async function ioredis() {
  const { Redis } = require('ioredis');
  const { server: _, ...there } = await redisServers();
  const client = new Redis(there);
  const key = `ostrace-waits-${process.pid}`;
  await way('connect', () => Promise.all([client.get(key), client.pipeline().get(key).exec()]));
  await way('alone', () => client.get(key));
  // How long the server makes a command wait behind another one is not known here.
  await way('turn at the server', () => Promise.all([client.blpop(key, 0.15), client.get(key)]));
  client.disconnect(true);
  await way('connect again', () => client.get(key));
  client.disconnect();
  const lazy = new Redis({ ...there, lazyConnect: true });
  await way('connect lazily', () => lazy.get(key));
  const closing = lazy.duplicate({ retryStrategy: null });
  await way('connect in vain', async () => {
    const waiting = closing.get(key).catch(() => {});
    closing.disconnect();
    return waiting;
  });
  lazy.disconnect();
}

async function redis() {
  const { createClient } = require('redis');
  // A command is sent together with the handshake, as soon as there is somebody who takes it.
  const { db: database, server, ...there } = await redisServers();
  const away = () => {
    server.close();
    setTimeout(() => server.listen(there.port, there.host), 100);
  };
  away();
  const client = createClient({ socket: { ...there, reconnectStrategy: () => 50 }, database });
  client.on('error', () => {});
  const key = `ostrace-waits-${process.pid}`;
  const opening = client.connect();
  await way('connect', () => Promise.all([client.get(key), client.multi().get(key).exec()]));
  await opening;
  await way('alone', () => client.get(key));
  await way('turn at the server', () => Promise.all([client.brPop(`${key}-list`, 0.15), client.get(key)]));
  await way('turn', () => {
    const waiting = client.get(key);
    const until = performance.now() + 20;
    while (performance.now() < until);
    return waiting;
  });
  await way('connect again', async () => {
    const id = Number(await client.sendCommand(['CLIENT', 'ID']));
    const lost = new Promise((resolve) => client.once('reconnecting', resolve));
    away();
    await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id), 'SKIPME', 'no']).catch(() => {});
    await lost;
    await client.get(key);
  });
  const lost = client.duplicate({
    socket: { host: '127.0.0.1', port: 1, reconnectStrategy: () => new Error('no more') },
  });
  lost.on('error', () => {});
  await way('connect in vain', () =>
    Promise.all([lost.connect(), lost.get(key)].map((each) => each.catch(() => {}))),
  );
  if (client.createPool !== undefined) {
    const pool = client.createPool({ minimum: 1, maximum: 1 });
    await pool.connect();
    const slow = (one) => one.brPop(`${key}-list`, 0.15);
    await way('pool at once', () => pool.get(key));
    await way('pool', () => Promise.all([pool.execute(slow), pool.get(key)]));
    await way('pool and its turn', () => Promise.all([pool.execute(slow), pool.multi().get(key).exec()]));
    await pool.close();
    const patient = client.createPool({ minimum: 1, maximum: 1, acquireTimeout: 60 });
    await patient.connect();
    await way('pool in vain', () => Promise.all([patient.execute(slow), patient.get(key).catch(() => {})]));
    await patient.close();
  }
  await client.quit();
}

void { pg, mysql, ioredis, redis }[process.argv[2]]();
