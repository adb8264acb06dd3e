// A server with both drivers and pools of two connections: what all requests of one process share.
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');

module.exports = async function shop({ pg, mysql, mysqlPromise }) {
  const pool = new pg.Pool({ max: 2 });
  const mysqlOptions = {
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
    connectionLimit: 2,
  };
  const callbackPool = mysql.createPool(mysqlOptions);
  const promisePool = mysqlPromise.createPool(mysqlOptions);

  // Every style in which the drivers can be asked, one after the other and side by side.
  async function handle(id) {
    const byPromise = await pool.query('SELECT $1::text AS id, pg_sleep(0.002)', [id]);
    const byCallback = await new Promise((resolve, reject) =>
      pool.query('SELECT $1::text AS id', [id], (error, result) => {
        if (error) return reject(error);
        // within the callback, where a shared connection's context would show
        return pool.query('SELECT $1::text AS again', [id], (nested, second) =>
          nested ? reject(nested) : resolve([result, second]),
        );
      }),
    );
    const client = await pool.connect();
    try {
      await client.query('SELECT $1::text AS checked_out', [id]);
    } finally {
      client.release();
    }
    const [fromCallbackPool, [fromPromisePool], [executed]] = await Promise.all([
      new Promise((resolve, reject) =>
        callbackPool.query('SELECT ? AS id', [id], (error, rows) => (error ? reject(error) : resolve(rows))),
      ),
      promisePool.query('SELECT ? AS id', [id]),
      promisePool.execute('SELECT ? AS id', [id]),
    ]);
    await sleep(1);
    return [
      byPromise.rows[0].id,
      byCallback[0].rows[0].id,
      byCallback[1].rows[0].again,
      fromCallbackPool[0].id,
      fromPromisePool[0].id,
      executed[0].id,
    ];
  }

  const server = http.createServer(async (request, response) => {
    if (request.url === '/end') {
      response.end();
      server.close();
      server.closeAllConnections();
      await Promise.all([pool.end(), callbackPool.promise().end(), promisePool.end()]);
      return;
    }
    try {
      const chunks = [];
      // The body's events come from the connection's socket.
      request.on('data', (chunk) => chunks.push(chunk));
      await new Promise((resolve) => request.on('end', resolve));
      const ids = await handle(request.url.slice(1));
      response.end(JSON.stringify(ids));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
};

if (require.main === module) {
  module.exports({ pg: require('pg'), mysql: require('mysql2'), mysqlPromise: require('mysql2/promise') });
}
