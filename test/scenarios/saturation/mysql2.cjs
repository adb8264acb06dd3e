// Ways to ask MySQL or MariaDB over connections that all requests share.
const { called } = require('./request.cjs');

const text = 'SELECT ? AS id';
const series = 'SELECT ? AS id, seq AS n FROM seq_1_to_5';

const options = {
  host: process.env.MYSQL_HOST,
  port: Number(process.env.MYSQL_PORT),
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
};

/** Points in the order of the alphabet. */
const shapeOf = (...points) => points.toSorted((a, b) => a.localeCompare(b)).join();

/** Works on what has `query` and `execute`; the points of a query are more than one on a group of a cluster. */
const onAny = (target, points = ['db(sql)']) => ({
  callback: {
    shape: shapeOf('at executed', 'at queried', ...points, ...points),
    run: ({ id, step, equal }) =>
      called((done) =>
        target.query(text, [id], (error, rows) => {
          step('queried');
          equal(rows[0].id, id);
          target.execute(text, [id], (failed, executed) => {
            step('executed');
            done(failed, executed);
          });
        }),
      ),
  },
  error: {
    shape: shapeOf('at error', ...points),
    run: ({ id, step }) =>
      called((done) => target.query('SELECT ?, nothing', [id], () => done(undefined, step('error')))),
  },
  events: {
    shape: shapeOf('at end', 'at fields', 'at row', ...points),
    run: ({ id, step, equal }) =>
      new Promise((resolve, reject) => {
        target
          .query({ sql: text, values: [id] })
          .on('fields', () => step('fields'))
          .on('result', (row) => {
            step('row');
            equal(row.id, id);
          })
          .on('error', reject)
          .on('end', () => resolve(step('end')));
      }),
  },
  'events beside a callback': {
    shape: shapeOf('at called back', 'at end', 'at fields', ...points),
    run: ({ id, step }) =>
      new Promise((resolve) => {
        target
          .query(text, [id], () => step('called back'))
          .on('fields', () => step('fields'))
          .on('end', () => resolve(step('end')));
      }),
  },
  stream: {
    shape: shapeOf('at data', 'at end', ...points),
    async run({ id, step, kept, equal }) {
      const stream = target.query(series, [id]).stream({ highWaterMark: 2 });
      stream.once('data', () => step('data'));
      stream.once('end', () => step('end'));
      let rows = 0;
      for await (const row of stream) {
        kept('iterated');
        equal(row.id, id);
        rows++;
      }
      equal(rows, 5);
    },
  },
});

/** Works on what has promises. */
const onPromises = (target) => ({
  promise: {
    shape: 'db(sql),db(sql)',
    async run({ id, kept, equal }) {
      const [rows] = await target.query(text, [id]);
      kept('queried');
      equal(rows[0].id, id);
      await target.execute(text, [id]);
      kept('executed');
    },
  },
});

/** Works on connections that a pool hands out. */
const onPool = (pool) => ({
  ...onAny(pool),
  ...onPromises(pool.promise()),
  'checkout by callback': {
    shape: 'at connected,at released,db,db(sql)',
    run: ({ id, step }) =>
      called((done) =>
        pool.getConnection((error, connection) => {
          step('connected');
          connection.query(text, [id], (failed) => {
            connection.release();
            step('released');
            done(failed);
          });
        }),
      ),
  },
  'a connection that is given up': {
    shape: 'db,db(sql)',
    async run({ id, kept }) {
      const connection = await pool.promise().getConnection();
      await connection.query(text, [id]);
      // The pool opens another one for whoever waits, at once.
      connection.destroy();
      kept('given up');
    },
  },
  transaction: {
    shape: 'db,db(sql),db(sql),db(sql)',
    async run({ id, kept }) {
      const connection = await pool.promise().getConnection();
      kept('connected');
      await connection.query(`START TRANSACTION /* ${id} */`);
      await connection.execute(text, [id]);
      await connection.query(`COMMIT /* ${id} */`);
      kept('committed');
      connection.release();
    },
  },
  prepared: {
    shape: 'at end,at executed,at pong,at prepared,db,db(sql),db(sql),db(sql),db(sql),db(sql)',
    async run({ id, step, kept }) {
      const own = `${text} /* ${id} */`;
      const promised = await pool.promise().getConnection();
      const { connection } = promised;
      const statement = await called((done) =>
        connection.prepare(own, (error, prepared) => {
          step('prepared');
          done(error, prepared);
        }),
      );
      await called((done) => statement.execute([id], (error) => done(error, step('executed'))));
      const rows = statement.execute([id]);
      await new Promise((resolve) => rows.on('end', () => resolve(step('end'))));
      await called((done) => connection.ping((error) => done(error, step('pong'))));
      const again = await promised.prepare(own);
      kept('prepared by promise');
      await again.execute([id]);
      kept('executed by promise');
      connection.release();
    },
  },
});

/** Connects; gives the works by name, and how to close. */
module.exports = async function start({ mysql, mysqlPromise }) {
  const pools = [1, 2, 3].map((connectionLimit) => mysql.createPool({ ...options, connectionLimit }));
  const promisePool = mysqlPromise.createPool({ ...options, connectionLimit: 1 });
  const connection = mysql.createConnection(options);
  const cluster = mysql.createPoolCluster();
  cluster.add('one', { ...options, connectionLimit: 1 });
  cluster.add('two', { ...options, connectionLimit: 1 });
  return {
    groups: [
      ...pools.map((pool, i) => [`mysql2 pool of ${i + 1}`, onPool(pool)]),
      ['mysql2 promise pool', onPromises(promisePool)],
      ['mysql2 connection', { ...onAny(connection), ...onPromises(connection.promise()) }],
      ['mysql2 cluster', onAny(cluster.of('*', 'RR'), ['db', 'db(sql)'])],
    ],
    async close() {
      await Promise.all(
        [...pools.map((pool) => pool.promise()), promisePool, connection.promise()].map((each) => each.end()),
      );
      await called((done) => cluster.end(done));
    },
  };
};
