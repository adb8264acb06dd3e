// Asks MySQL or MariaDB in each style that mysql2 has; prints what came back. Each style is a point.
const { profiler } = require('ostrace');

module.exports = async function calls(mysql, promises) {
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
        return `${error.constructor.name} ${error.code}`;
      }
    });
  };
  const callback = (start) =>
    new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
  const text = 'SELECT ? AS n';
  const connection = mysql.createConnection(options);
  const pool = mysql.createPool({ ...options, connectionLimit: 2 });
  const promised = await promises.createConnection(options);
  const promisedPool = promises.createPool({ ...options, connectionLimit: 2 });

  await style('callback', () => callback((done) => connection.query(text, [1], done)));
  await style('options', () => callback((done) => connection.query({ sql: text, values: [2] }, done)));
  await style('no values', () => callback((done) => connection.query('SELECT 3 AS n', done)));
  await style('execute', () => callback((done) => connection.execute(text, [4], done)));
  await style('events', () => {
    const rows = [];
    const query = connection.query(text, [5]);
    return new Promise((resolve, reject) =>
      query
        .on('error', reject)
        .on('result', (row) => rows.push(row))
        .on('end', () => resolve(profiler.trace('in an event', () => rows))),
    );
  });
  await style('stream', async () => {
    const rows = [];
    for await (const row of connection.query(text, [6]).stream()) rows.push(row);
    return rows;
  });
  await style('error', () => callback((done) => connection.query('SELECT nothing FROM nowhere', done)));
  await style('execute error', () =>
    callback((done) => connection.execute('SELECT nothing FROM nowhere', done)),
  );
  await style(
    'event error',
    () => new Promise((resolve, reject) => connection.query('SELECT nothing').on('error', reject)),
  );
  await style('pool', () => callback((done) => pool.query(text, [7], done)));
  await style('pool events', () => {
    const rows = [];
    const query = pool.query(text, [8]);
    return new Promise((resolve) =>
      query.on('result', (row) => rows.push(row)).on('end', () => resolve(rows)),
    );
  });
  await style('pool execute', () => callback((done) => pool.execute(text, [9], done)));
  await style('pool error', () => callback((done) => pool.query('SELECT nothing FROM nowhere', done)));
  await style('checkout', () =>
    callback((done) =>
      pool.getConnection((error, checkedOut) =>
        checkedOut.query(text, [10], (failed, rows) => {
          checkedOut.release();
          done(failed, rows);
        }),
      ),
    ),
  );
  await style('promise', async () => (await promised.query(text, [11]))[0]);
  await style('promise execute', async () => (await promised.execute(text, [12]))[0]);
  await style('promise error', () => promised.query('SELECT nothing FROM nowhere'));
  await style('promise pool', async () => (await promisedPool.query(text, [13]))[0]);
  await style('promise pool execute', async () => (await promisedPool.execute(text, [14]))[0]);
  await style('promise checkout', async () => {
    const checkedOut = await promisedPool.getConnection();
    const [rows] = await checkedOut.query(text, [15]);
    checkedOut.release();
    return rows;
  });
  await style('prepare', async () => {
    const statement = await callback((done) => connection.prepare(text, done));
    const rows = await callback((done) => statement.execute([16], done));
    profiler.trace('prepared', () => {});
    return rows;
  });
  await style('prepare events', async () => {
    const statement = await callback((done) => connection.prepare(text, done));
    const rows = [];
    const execute = statement.execute([17]);
    execute.on('result', (row) => rows.push(row));
    await new Promise((resolve) => execute.on('end', () => resolve(profiler.trace('ended', () => {}))));
    return rows;
  });
  await style('prepare error', () => callback((done) => connection.prepare('SELECT nothing', done)));
  await style('promise prepare', async () => {
    const statement = await promised.prepare(text);
    const [rows] = await statement.execute([18]);
    return rows;
  });
  await style('write', async () => {
    await promised.query('CREATE TEMPORARY TABLE t (n INT)');
    const [{ affectedRows }] = await promised.query('INSERT INTO t VALUES (?), (?)', [1, 2]);
    return affectedRows;
  });
  connection.end();
  pool.end();
  await promised.end();
  await promisedPool.end();
  console.log(JSON.stringify(results));
};

if (require.main === module) module.exports(require('mysql2'), require('mysql2/promise'));
