// One request opens the only connection and stays open; others use that connection by what is no point
// of its own. Prints for each callback whether it ran where its own request is.
const { AsyncResource } = require('node:async_hooks');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const mysql = require('mysql2');
const pg = require('pg');
const Cursor = require('pg-cursor');
const { profiler } = require('ostrace');

const pool = new pg.Pool({ max: 1 });
const mysqlPool = mysql.createPool({
  host: process.env.MYSQL_HOST,
  port: Number(process.env.MYSQL_PORT),
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
  connectionLimit: 1,
});
// What the first request opens for the others to end.
const clients = [];
const pools = [];
const trace = () => profiler.get()?.base_id ?? 'none';

async function use(connection, check) {
  const client = await pool.connect();
  const cursor = client.query(new Cursor('SELECT generate_series(1, 3) AS n'));
  await new Promise((resolve) => cursor.read(1, () => resolve(check('cursor.read'))));
  await new Promise((resolve) => cursor.close(() => resolve(check('cursor.close'))));
  await new Promise((resolve) => client.query(new pg.Query('SELECT 1', () => resolve(check('new Query')))));
  client.release();
  await new Promise((resolve) => clients.pop().end(() => resolve(check('client.end'))));
  const { pool: other, release } = pools.pop();
  await new Promise((resolve) => {
    other.end(() => resolve(check('pool.end')));
    release();
  });
  await new Promise((resolve) => connection.ping(() => resolve(check('ping'))));
  const statement = await new Promise((resolve) =>
    connection.prepare('SELECT ? AS n', (error, prepared) => {
      check('prepare');
      resolve(prepared);
    }),
  );
  await new Promise((resolve) => statement.execute([1], () => resolve(check('execute'))));
  const rows = statement.execute([2]);
  await new Promise((resolve) => rows.on('end', () => resolve(check('execute, events'))));
}

const server = http.createServer(async (request, response) => {
  if (request.url === '/open') {
    await pool.query('SELECT 1');
    await mysqlPool.promise().query('SELECT 1');
    for (let i = 0; i < 2; i++) {
      clients.push(new pg.Client());
      await clients[i].connect();
      const other = new pg.Pool({ max: 1 });
      const client = await other.connect();
      pools.push({ pool: other, release: AsyncResource.bind(() => client.release()) });
    }
    response.write('open');
    await sleep(Number(process.env.OPEN_MS ?? 700));
  } else if (request.url === '/end') {
    response.end();
    server.close();
    server.closeIdleConnections();
    await pool.end();
    mysqlPool.end();
  } else {
    const own = trace();
    const where = {};
    const check = (what) => (where[what] = trace() === own);
    await new Promise((resolve) =>
      mysqlPool.getConnection(async (error, connection) => {
        await use(connection, check);
        connection.release();
        resolve();
      }),
    );
    response.write(JSON.stringify({ traced: own !== 'none', where }));
  }
  response.end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
