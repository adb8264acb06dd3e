// What the routes of all frameworks ask the databases, and how a test ends them.
const { createPool } = require('mysql2/promise');
const { Pool } = require('pg');

const pool = new Pool({ max: 3 });
const mysqlPool = createPool({
  host: process.env.MYSQL_HOST,
  port: Number(process.env.MYSQL_PORT),
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
  connectionLimit: 3,
});

/** One row of each database. */
exports.both = async function both(id) {
  const { rows } = await pool.query('SELECT $1::text AS id, pg_sleep(0.001)::text', [id]);
  const [[row]] = await mysqlPool.query('SELECT ? AS id', [id]);
  return [rows[0].id, row.id];
};

/** A query that fails: what a route throws. */
exports.fail = (id) => pool.query('SELECT nothing FROM nowhere WHERE id = $1', [id]);

/** Lines of text, each of which is a query. */
exports.lines = async function* lines(id) {
  for (let i = 0; i < 3; i++) {
    const { rows } = await pool.query('SELECT $1::text AS id', [id]);
    yield `${rows[0].id} ${i}\n`;
  }
};

/** Ends a server of Node's as soon as its last response is out. */
exports.end = async function end(server) {
  server.close();
  server.closeIdleConnections();
  await Promise.all([pool.end(), mysqlPool.end()]);
};

exports.ready = (server) => console.log(server.address().port);
