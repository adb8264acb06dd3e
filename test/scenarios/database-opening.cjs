// Connections that are being opened when the first trace begins: what waits for them began to wait in it.
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { profiler } = require('ostrace');
const { Client } = require('pg');
const mysql = require('mysql2');

/** A server between the client and the database, which lets a connection wait first. */
async function late(host, port) {
  const server = net.createServer(async (from) => {
    from.pause();
    await sleep(300);
    const to = net.connect(port, host);
    from.pipe(to).pipe(from);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { host: '127.0.0.1', port: server.address().port };
}

void (async () => {
  const client = new Client(await late(process.env.PGHOST, process.env.PGPORT));
  const connection = mysql.createConnection({
    ...(await late(process.env.MYSQL_HOST, process.env.MYSQL_PORT)),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
  });
  const connected = client.connect();
  await sleep(50);
  profiler.init('test-key');
  await profiler.trace('waiting', () =>
    Promise.all([
      client.query('select 1'),
      client.query('select pg_sleep(0.15)'),
      new Promise((resolve) => connection.query('select 1', resolve)),
    ]),
  );
  await profiler.trace('later', () =>
    Promise.all([client.query('select pg_sleep(0.15)'), client.query('select 2')]),
  );
  await connected;
  await client.end();
  connection.end();
})();
