// Somebody waits for a pool's only connection since before anything was traced. Then a traced request throws
// that connection away, asks for another one and gives it back. Prints where the one who waited was called.
const http = require('node:http');
const mysql = require('mysql2');
const pg = require('pg');
const { profiler } = require('ostrace');

const pgPool = new pg.Pool({ max: 1 });
const mysqlPool = mysql.createPool({
  host: process.env.MYSQL_HOST,
  port: Number(process.env.MYSQL_PORT),
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
  connectionLimit: 1,
});
const called = (start) =>
  new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
const where = {};
const waiting = [];
let held;

async function hold() {
  held = {
    client: await pgPool.connect(),
    connection: await called((done) => mysqlPool.getConnection(done)),
  };
}

/** Calls back as pools do, with callbacks of which nobody but the pools knows. */
function wait() {
  const noted = (what, start) =>
    waiting.push(
      called((done) =>
        start((error, value) => {
          where[what] = profiler.get() === undefined ? 'outside' : 'in a trace';
          done(error, value);
        }),
      ),
    );
  noted('pg query', (done) => pgPool.query('SELECT 1', done));
  noted('pg connect', (done) =>
    pgPool.connect((error, client, release) => {
      done(error);
      release();
    }),
  );
  noted('mysql2 query', (done) => mysqlPool.query('SELECT 1', done));
  noted('mysql2 connection', (done) =>
    mysqlPool.getConnection((error, connection) => {
      done(error);
      connection.release();
    }),
  );
}

async function overtake() {
  held.client.release(true);
  const client = await pgPool.connect();
  await client.query('SELECT 2');
  client.release();
  held.connection.destroy();
  const connection = await mysqlPool.promise().getConnection();
  await connection.query('SELECT 2');
  connection.release();
  await Promise.all(waiting);
}

const routes = { hold, wait, overtake };
const server = http.createServer(async (request, response) => {
  const route = request.url.slice(1);
  if (route === 'end') {
    server.close();
    server.closeIdleConnections();
    await pgPool.end();
    mysqlPool.end();
  } else {
    await routes[route]();
  }
  response.end(JSON.stringify(where));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
