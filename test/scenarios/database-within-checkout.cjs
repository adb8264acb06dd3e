// A pool of mysql2 that opens a connection calls the application, which connects a client of pg then and there.
const net = require('node:net');
const { profiler } = require('ostrace');
const { Client } = require('pg');
const mysql = require('mysql2');

const client = new Client();
let connected;
const pool = mysql.createPool({
  host: process.env.MYSQL_HOST,
  port: process.env.MYSQL_PORT,
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
  stream() {
    connected ??= new Promise((resolve, reject) =>
      client.connect((error) => (error ? reject(error) : resolve())),
    );
    return net.connect(process.env.MYSQL_PORT, process.env.MYSQL_HOST);
  },
});

void (async () => {
  profiler.init('test-key');
  await profiler.trace('shop', async () => {
    const connection = await new Promise((resolve, reject) =>
      pool.getConnection((error, given) => (error ? reject(error) : resolve(given))),
    );
    connection.release();
    await connected;
  });
  await client.end();
  pool.end();
})();
