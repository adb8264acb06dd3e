// Asks PostgreSQL in the styles that every supported pg has; prints what came back. Each style is a point of
// its own, and so is what a callback does: it shows where the callback ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ pg, Pool = pg.Pool, Cursor, QueryStream }) {
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.code} ${error.message}`;
      }
    });
  };
  const callback = (start) =>
    new Promise((resolve, reject) =>
      start((error, value) => profiler.trace('callback', () => (error ? reject(error) : resolve(value)))),
    );
  const summary = ({ rows, rowCount, command, fields }) => [
    rows,
    rowCount,
    command,
    fields.map((f) => f.name),
  ];
  const text = 'SELECT $1::int AS n';
  const wrong = 'SELECT nothing FROM nowhere';

  const client = new pg.Client();
  const other = new pg.Client();
  const pool = new Pool({ max: 1 });
  await style('connect', async () => typeof (await client.connect()));
  await style('connect, callback', async () => typeof (await callback((done) => other.connect(done))));
  await style('promise', async () => summary(await client.query(text, [1])));
  await style('callback', async () => summary(await callback((done) => client.query(text, [2], done))));
  await style('text, callback', async () =>
    summary(await callback((done) => client.query('SELECT 3', done))),
  );
  await style('config', async () => summary(await client.query({ text, values: [4], rowMode: 'array' })));
  await style('config, callback', async () =>
    summary(await callback((done) => client.query({ text, values: [5] }, done))),
  );
  await style('config with a callback', async () =>
    summary(await callback((done) => client.query({ text, values: [6], callback: done }))),
  );
  await style('several statements', async () =>
    (await client.query('SELECT 7 AS a; SELECT 8 AS b')).map(summary),
  );
  await style('prepared', async () => {
    const named = (n) => client.query({ name: 'prepared', text, values: [n] });
    return [summary(await named(9)), summary(await named(10))];
  });
  await style('at once', async () =>
    (await Promise.all([11, 12].map((n) => client.query(text, [n])))).map(summary),
  );
  await style('write', async () => {
    const lines = ['CREATE TEMPORARY TABLE t (n int)', 'INSERT INTO t VALUES (1), (2), (3)', 'DELETE FROM t'];
    const counts = [];
    for (const line of lines) counts.push((await client.query(line)).rowCount);
    return counts;
  });
  await style('error', () => client.query(wrong));
  await style('callback error', () => callback((done) => client.query(wrong, done)));
  await style('parameter error', () => client.query(text, ['x']));
  await style('prepared error', () => client.query({ name: 'wrong', text: wrong }));
  await style('no query', () => client.query(null));
  await style('query object', () => {
    const rows = [];
    const query = client.query(new pg.Query('SELECT generate_series(1, 2) AS n'));
    return new Promise((resolve, reject) =>
      query
        .on('row', (row) => rows.push(row))
        .on('error', reject)
        .on('end', () => profiler.trace('event', () => resolve(rows))),
    );
  });
  await style('pool', async () => summary(await pool.query(text, [13])));
  await style('pool, callback', async () => summary(await callback((done) => pool.query(text, [14], done))));
  await style('pool error', () => pool.query(wrong));
  await style('pool callback error', () => callback((done) => pool.query(wrong, done)));
  await style('checkout', async () => {
    const checkedOut = await pool.connect();
    await checkedOut.query('BEGIN');
    const seen = summary(await checkedOut.query(text, [15]));
    await checkedOut.query('COMMIT');
    checkedOut.release();
    return seen;
  });
  await style('checkout, callback', async () =>
    summary(
      await callback((done) =>
        pool.connect((error, checkedOut, release) =>
          checkedOut.query(text, [16], (failed, result) => {
            release();
            done(failed, result);
          }),
        ),
      ),
    ),
  );
  // Each call waits for the one before it to give back the pool's one connection.
  const waiting = ['a', 'b', 'c'].map((name) =>
    style(`waiting ${name}`, async () => {
      const { rows } = await pool.query('SELECT $1::text AS name', [name]);
      return profiler.trace(`after ${name}`, () => rows);
    }),
  );
  await Promise.all(waiting);
  const slow = 'SELECT 1 AS n FROM pg_sleep(0.15)';
  await style('turn', async () =>
    (await Promise.all([client.query(slow), client.query(text, [22])])).map(summary),
  );
  await style('pool turn', async () =>
    (await Promise.all([pool.query(slow), pool.query(text, [23])])).map(summary),
  );
  await style('handler', async () => {
    const handled = new Pool({ max: 1 });
    handled.on('connect', (connected) => void connected.query(slow));
    const seen = summary(await handled.query(text, [24]));
    await handled.end();
    return seen;
  });
  await style('cursor', async () => {
    const cursor = client.query(new Cursor('SELECT generate_series(1, $1::int) AS n', [5]));
    const rows = await callback((done) => cursor.read(2, done));
    rows.push(...(await callback((done) => cursor.read(100, done))));
    await callback((done) => cursor.close(done));
    return rows;
  });
  await style('cursor error', async () => {
    const cursor = client.query(new Cursor(wrong));
    return callback((done) => cursor.read(1, done));
  });
  await style('stream', async () => {
    const rows = [];
    const stream = client.query(new QueryStream('SELECT generate_series(1, 3) AS n'));
    for await (const row of stream) rows.push(row);
    return rows;
  });
  await style('pipeline', async () => {
    const pipelining = new pg.Client({ pipeline: true });
    await pipelining.connect();
    const asked = [19, 20, 21].map((n) => pipelining.query(text, [n]));
    const answers = await Promise.all(asked);
    await pipelining.end();
    return answers.map(summary);
  });
  await style('own promise', async () => {
    class Own extends Promise {}
    const own = new Pool({ max: 1, Promise: Own });
    const ownClient = new pg.Client({ Promise: Own });
    await ownClient.connect();
    const promises = [own.query(text, [17]), ownClient.query(text, [18])];
    const areOwn = promises.map((promise) => promise instanceof Own);
    await Promise.all(promises);
    await own.end();
    await ownClient.end();
    return areOwn;
  });
  await client.end();
  await other.end();
  await pool.end();
  console.log(JSON.stringify(results));
};
