// Drivers' objects on which nothing can be put any more, as of applications that seal what they share.
const { Client, Pool, Query } = require('pg');
const mysql = require('mysql2');

const seal = (owner, name) =>
  Object.defineProperty(owner, name, { value: owner[name], writable: false, configurable: false });
const options = {
  host: process.env.MYSQL_HOST,
  port: Number(process.env.MYSQL_PORT),
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
};
const say = (what) => (error, result) => console.log(what, error?.message, result?.rows ?? result);
const asked = (what, call) =>
  new Promise((resolve) => {
    const done = (...args) => resolve(say(what)(...args));
    try {
      call(done);
    } catch (error) {
      done(error);
    }
  });

async function main() {
  const client = new Client();
  seal(client, 'emit');
  seal(client, '_Promise');
  await client.connect();
  console.log((await client.query('SELECT 1 AS n')).rows);
  await asked('error', (done) => client.query('SELECT nothing').then(() => {}, done));
  // With all that pg itself puts on it.
  const query = (done) => Object.assign(new Query('SELECT 2 AS n', done), { _accumulateRows: true });
  await asked('query', (done) => client.query(Object.preventExtensions(query(done))));
  await client.end();

  const pool = new Pool();
  seal(pool, 'Promise');
  console.log((await pool.query('SELECT 3 AS n')).rows);
  await pool.end();

  const connection = mysql.createConnection(options);
  await asked('command', (done) =>
    connection.query(seal(mysql.createQuery('SELECT 4 AS n', [], done, {}), 'onResult')),
  );
  const command = mysql.createQuery('SELECT 5 AS n', [], undefined, {});
  connection.query(seal(command, 'emit'));
  await asked('emit', (done) => command.on('end', done));

  // What nobody but the agent reads.
  if (process.argv[2] === 'unreadable') {
    const other = new Client();
    await other.connect();
    const unreadable = (done) =>
      Object.defineProperty(new Query('SELECT 6 AS n', done), 'read', {
        get() {
          throw new RangeError('mine');
        },
      });
    await asked('unreadable', (done) => other.query(unreadable(done)));
    await asked('after it', (done) => other.query('SELECT 7 AS n', done));
    await other.end();
  }
  connection.end();
}

main();
