// Asks MySQL or MariaDB in the styles that every supported mysql2 has; prints what came back. Each style is a
// point of its own, and so is what a callback does: it shows where the callback ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ mysql, promises }) {
  const options = {
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
  };
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
  const text = 'SELECT ? AS n';
  const wrong = 'SELECT nothing FROM nowhere';
  const connection = mysql.createConnection(options);
  const pool = mysql.createPool({ ...options, connectionLimit: 1 });
  const promisedPool = promises.createPool({ ...options, connectionLimit: 1 });
  let promised;

  await style('connect', () => callback((done) => connection.connect((error) => done(error, 'connected'))));
  await style('promise connect', async () => {
    promised = await promises.createConnection(options);
    return typeof promised.query;
  });
  await style('callback', () => callback((done) => connection.query(text, [1], done)));
  await style('text', () => callback((done) => connection.query('SELECT 2 AS n', done)));
  await style('options', () => callback((done) => connection.query({ sql: text, values: [3] }, done)));
  await style('rows as lists', () =>
    callback((done) => connection.query({ sql: text, values: [4], rowsAsArray: true }, done)),
  );
  await style('execute', () => callback((done) => connection.execute(text, [5], done)));
  await style('execute again', () => callback((done) => connection.execute(text, [6], done)));
  await style('at once', () =>
    Promise.all([7, 8].map((n) => callback((done) => connection.query(text, [n], done)))),
  );
  await style('events', () => {
    const rows = [];
    const query = connection.query(text, [9]);
    return new Promise((resolve, reject) =>
      query
        .on('error', reject)
        .on('result', (row) => rows.push(row))
        .on('end', () => profiler.trace('event', () => resolve(rows))),
    );
  });
  await style('stream', async () => {
    const rows = [];
    for await (const row of connection.query(text, [10]).stream()) rows.push(row);
    return rows;
  });
  await style('write', async () => {
    const lines = ['CREATE TEMPORARY TABLE t (n INT)', 'INSERT INTO t VALUES (1), (2), (3)', 'DELETE FROM t'];
    const counts = [];
    for (const line of lines) {
      counts.push((await callback((done) => connection.query(line, done))).affectedRows);
    }
    return counts;
  });
  await style('ping', () => callback((done) => connection.ping((error) => done(error, 'pong'))));
  await style('prepared', async () => {
    const statement = await callback((done) => connection.prepare(text, done));
    const rows = await callback((done) => statement.execute([11], done));
    statement.close();
    return rows;
  });
  await style('transaction', async () => {
    await callback((done) => connection.beginTransaction(done));
    await callback((done) => connection.query(text, [12], done));
    await callback((done) => connection.commit(done));
    return 'committed';
  });
  await style('error', () => callback((done) => connection.query(wrong, done)));
  await style('execute error', () => callback((done) => connection.execute(wrong, done)));
  await style(
    'event error',
    () => new Promise((resolve, reject) => connection.query(wrong).on('error', reject)),
  );
  await style('pool', () => callback((done) => pool.query(text, [13], done)));
  await style('pool execute', () => callback((done) => pool.execute(text, [14], done)));
  await style('pool events', () => {
    const rows = [];
    const query = pool.query(text, [15]);
    return new Promise((resolve) =>
      query
        .on('result', (row) => rows.push(row))
        .on('end', () => profiler.trace('event', () => resolve(rows))),
    );
  });
  await style('pool error', () => callback((done) => pool.query(wrong, done)));
  await style('checkout', () =>
    callback((done) =>
      pool.getConnection((error, checkedOut) =>
        checkedOut.query(text, [16], (failed, rows) => {
          checkedOut.release();
          done(failed, rows);
        }),
      ),
    ),
  );
  const slow = 'SELECT 1 AS n FROM (SELECT SLEEP(0.15)) AS slept';
  await style('turn', () =>
    Promise.all([
      callback((done) => connection.query(slow, done)),
      callback((done) => connection.execute('SELECT ? AS m', [26], done)),
    ]),
  );
  await style('pool turn', () =>
    Promise.all([
      callback((done) => pool.query(slow, done)),
      callback((done) => pool.query(text, [27], done)),
    ]),
  );
  await style('handler', async () => {
    const handled = mysql.createPool({ ...options, connectionLimit: 1 });
    handled.on('connection', (connected) => connected.query(slow, () => {}));
    const rows = await callback((done) => handled.query(text, [28], done));
    await new Promise((resolve) => handled.end(resolve));
    return rows;
  });
  await style('call', async () => {
    const several = mysql.createConnection({ ...options, multipleStatements: true });
    const rows = await callback((done) =>
      several.query('SELECT 1 UNION ALL SELECT 2; SET @a = 1; SELECT 3', done),
    );
    await new Promise((resolve) => several.end(resolve));
    return rows.map((each) => (Array.isArray(each) ? each.length : each.affectedRows));
  });
  // Each call waits for the one before it to give back the pool's one connection.
  const waiting = ['a', 'b', 'c'].map((name) =>
    style(`waiting ${name}`, async () => {
      const rows = await new Promise((resolve, reject) =>
        pool.query('SELECT ? AS name', [name], (error, found) =>
          profiler.trace(`after ${name}`, () => (error ? reject(error) : resolve(found))),
        ),
      );
      return rows;
    }),
  );
  await Promise.all(waiting);
  // A caller who waits for the pool's one connection gets another one when that is thrown away.
  const checkOut = () => callback((done) => pool.getConnection(done));
  let held;
  await style('hold', async () => {
    held = await checkOut();
    return typeof held;
  });
  const waiter = style('wait', async () => {
    const checkedOut = await checkOut();
    checkedOut.release();
    return typeof checkedOut;
  });
  await style('throw away', async () => {
    held.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    return 'thrown away';
  });
  await waiter;
  await style('promise', async () => (await promised.query(text, [17]))[0]);
  await style('promise fields', async () => (await promised.query(text, [18]))[1].map(({ name }) => name));
  await style('promise execute', async () => (await promised.execute(text, [19]))[0]);
  await style('promise error', () => promised.query(wrong));
  await style('promise execute error', () => promised.execute(wrong));
  await style('promise prepared', async () => {
    const statement = await promised.prepare(text);
    const [rows] = await statement.execute([20]);
    await statement.close();
    return rows;
  });
  await style('promise pool', async () => (await promisedPool.query(text, [21]))[0]);
  await style('promise pool execute', async () => (await promisedPool.execute(text, [22]))[0]);
  await style('promise pool error', () => promisedPool.query(wrong));
  await style('promise checkout', async () => {
    const checkedOut = await promisedPool.getConnection();
    const [rows] = await checkedOut.query(text, [23]);
    checkedOut.release();
    return rows;
  });
  await style('pool as promises', async () => (await pool.promise().query(text, [24]))[0]);
  await style('cluster', async () => {
    const cluster = mysql.createPoolCluster();
    cluster.add('one', options);
    const rows = await callback((done) => cluster.of('*').query(text, [25], done));
    cluster.end();
    return rows;
  });
  await new Promise((resolve) => connection.end(resolve));
  await new Promise((resolve) => pool.end(resolve));
  await promised.end();
  await promisedPool.end();
  console.log(JSON.stringify(results));
};
