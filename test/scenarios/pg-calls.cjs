// Asks PostgreSQL in each style that pg has; prints what came back. Each style is a point of its own.
const { profiler } = require('ostrace');

module.exports = async function calls(pg) {
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.code}`;
      }
    });
  };
  const callback = (start) =>
    new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
  const client = new pg.Client();
  const pool = new pg.Pool({ max: 2 });
  const text = 'SELECT $1::int AS n';

  await style('connect', async () => void (await client.connect()));
  await style('promise', async () => (await client.query(text, [1])).rows);
  await style('callback', async () => (await callback((done) => client.query(text, [2], done))).rows);
  await style('config', async () => (await client.query({ text, values: [3] })).rows);
  await style('config callback', async () => {
    const config = { text, values: [4] };
    const { rows } = await callback((done) => client.query(Object.assign(config, { callback: done })));
    return [rows, Object.keys(config)];
  });
  await style(
    'text callback',
    async () => (await callback((done) => client.query('SELECT 5 AS n', done))).rows,
  );
  await style('several statements', async () =>
    (await client.query('SELECT 6 AS n; SELECT 7 AS n')).map((r) => r.rows),
  );
  await style('error', () => client.query('SELECT nothing FROM nowhere'));
  await style('callback error', () => callback((done) => client.query('SELECT nothing', done)));
  await style('no query', () => client.query(null));
  await style('pool', async () => (await pool.query(text, [8])).rows);
  await style('pool callback', async () => (await callback((done) => pool.query(text, [9], done))).rows);
  await style('pool error', () => pool.query('SELECT nothing FROM nowhere'));
  await style('checkout', async () => {
    const checkedOut = await pool.connect();
    try {
      return (await checkedOut.query(text, [10])).rows;
    } finally {
      checkedOut.release();
    }
  });
  await style('checkout callback', () =>
    callback((done) =>
      pool.connect((error, checkedOut, release) => {
        checkedOut.query(text, [11], (failed, result) => {
          release();
          done(failed, result.rows);
        });
      }),
    ),
  );
  await style('cursor', async () => {
    const cursor = client.query(new (require('pg-cursor'))('SELECT generate_series(1, 5) AS n'));
    const rows = [...(await cursor.read(2)), ...(await cursor.read(100))];
    await cursor.close();
    return rows;
  });
  await style('stream', async () => {
    const stream = client.query(new (require('pg-query-stream'))('SELECT generate_series(1, 3) AS n'));
    const rows = [];
    for await (const row of stream) rows.push(row);
    return rows;
  });
  await style('identity', async () => {
    class Own extends Promise {}
    const own = new pg.Pool({ max: 1, Promise: Own });
    const promise = own.query('SELECT 1 AS n');
    const isOwn = promise instanceof Own && Object.hasOwn(own, 'Promise') && own.Promise === Own;
    await promise;
    await own.end();
    return isOwn;
  });
  await client.end();
  await pool.end();
  console.log(JSON.stringify(results));
};

if (require.main === module) module.exports(require('pg'));
