const { failed, own, settled, thrown, told, until } = require('./databases/looks.cjs');

exports.title = 'pg: connections and queries that fail, are ended or take too long';
exports.points = ['db', 'sql'];

exports.cases = {
  'a server that is not there': async (seen) => {
    const { Client, Pool } = require('pg');
    const nowhere = { host: '127.0.0.1', port: 1 };
    const pool = new Pool(nowhere);
    await settled(seen, 'pool', pool.query('SELECT 1'));
    await settled(seen, 'connect', pool.connect());
    await told(seen, 'callback', (done) => own.run('caller', () => pool.connect(done)));
    seen('counts', [pool.totalCount, pool.idleCount, pool.waitingCount]);
    const client = new Client(nowhere);
    await settled(seen, 'client', client.connect());
    await settled(seen, 'a query of it', client.query('SELECT 1'));
    await told(seen, 'client callback', (done) => own.run('caller', () => new Client(nowhere).connect(done)));
  },

  'a database, a user and a password that are wrong': async (seen) => {
    const pg = require('pg');
    for (const options of [{ database: 'parity_nowhere' }, { user: 'parity_nobody' }]) {
      await settled(seen, 'pool', new pg.Pool(options).query('SELECT 1'));
      await settled(seen, 'client', new pg.Client(options).connect());
    }
    const password = () => 'never asked for';
    await settled(
      seen,
      'connection string',
      new pg.Client({ connectionString: 'postgres://127.0.0.1:1/x' }).connect(),
    );
    thrown(seen, 'broken string', () => new pg.Client({ connectionString: 'postgresql://[' }));
    const client = new pg.Client({ password });
    await client.connect();
    seen('not asked for a password', client.password === password);
    await client.end();
  },

  'a client that is used in the wrong order': async (seen) => {
    const { Client } = require('pg');
    const client = new Client();
    const early = client.query('SELECT 1 AS n');
    await client.connect();
    await settled(seen, 'before connect', early);
    await settled(seen, 'connected twice', client.connect());
    await told(seen, 'connected twice, callback', (done) => client.connect(done));
    client.once('end', () => seen('end', own.getStore()));
    await settled(seen, 'end', client.end());
    await settled(seen, 'ended', client.query('SELECT 1'));
    await told(seen, 'ended, callback', (done) => client.query('SELECT 1', done));
    await settled(seen, 'ended twice', client.end());
    await settled(seen, 'connected again', client.connect());
    await told(seen, 'callback', (done) => new Client().end(done));
  },

  'a connection that the server ends': async (seen) => {
    const { Pool } = require('pg');
    const pool = new Pool({ max: 2 });
    const [victim, other] = [await pool.connect(), await pool.connect()];
    const kill = ({ processID }) => other.query('SELECT pg_terminate_backend($1)', [processID]);
    const died = new Promise((resolve) =>
      victim.on('error', (error) => {
        // An error of the end of the connection, or of a write to it.
        seen('error of the client', [error.constructor.name, own.getStore()]);
        resolve();
      }),
    );
    const running = failed(seen, 'the running query', victim.query('SELECT pg_sleep(5)'));
    await Promise.all([running, died, kill(victim)]);
    await settled(seen, 'another query', victim.query('SELECT 1'));
    victim.release();
    const idle = await pool.connect();
    idle.release();
    const removed = new Promise((resolve) => pool.once('error', (...args) => resolve(args)));
    await kill(idle);
    const [error, client] = await removed;
    seen('error of the pool', [error.message, error.code, client === idle, error.client === idle]);
    other.release();
    await settled(seen, 'afterwards', pool.query('SELECT 1 AS n'));
    await pool.end();
  },

  'queries that take too long or are cancelled': async (seen) => {
    const { Client, Query } = require('pg');
    const [client, other] = [new Client({ statement_timeout: 100 }), new Client()];
    await Promise.all([client.connect(), other.connect()]);
    await settled(seen, 'statement_timeout', client.query('SELECT pg_sleep(5)'));
    await client.query('SET statement_timeout TO 0');
    const late = { text: 'SELECT pg_sleep(5)', query_timeout: 20 };
    // pg gives up waiting, and goes on when the server has answered all the same.
    const begun =
      "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%sleep(5)' AND state = 'active'";
    const cancel = async () => {
      while ((await other.query(begun, [client.processID])).rowCount === 0);
      await other.query('SELECT pg_cancel_backend($1)', [client.processID]);
      await client.query('SELECT 1');
    };
    await settled(seen, 'query_timeout', client.query(late));
    await cancel();
    await told(seen, 'query_timeout, callback', (done) => own.run('caller', () => client.query(late, done)));
    await cancel();
    const query = new Query(late.text, (error) => seen('a query of ours', error?.message));
    client.query(Object.assign(query, { query_timeout: 20 }));
    await until(() => query.callback.length === 0);
    await cancel();
    await settled(seen, 'in time', client.query({ text: 'SELECT 1 AS n', query_timeout: 2000 }));
    const asleep = failed(seen, 'cancelled', client.query('SELECT pg_sleep(5)'));
    await cancel();
    await asleep;
    await settled(seen, 'afterwards', client.query('SELECT 2 AS n'));
    await Promise.all([client.end(), other.end()]);
  },
};
