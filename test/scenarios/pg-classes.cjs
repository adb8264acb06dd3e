// What an application adds to pg: a class of its own, what it does when a connection is opened.
const { profiler } = require('ostrace');
const { Client, Pool } = require('pg');

/** Asks somebody before each query, as for a tenant's settings. */
class AskingClient extends Client {
  query(text, values, callback) {
    if (typeof callback !== 'function') return super.query(text, values, callback);
    void (async () => {
      await null;
      await profiler.trace('lookup', async () => {});
      super.query(text, values, callback);
    })();
  }
}

/** Looks at each answer, as for a log. */
class AuditingClient extends Client {
  query(text, values, callback) {
    if (typeof callback !== 'function') return super.query(text, values, callback);
    return super.query(text, values, (error, result) => {
      profiler.trace('audit', () => {});
      callback(error, result);
    });
  }
}

/** Looks at each client before it is handed out, as for a lost connection. */
class CheckingPool extends Pool {
  connect(callback) {
    const checked = async (...given) => {
      await null;
      await profiler.trace('check', async () => {});
      callback(...given);
    };
    return super.connect(typeof callback === 'function' ? checked : undefined);
  }
}

/** Two requests wait for the only client of a pool; what counts its events takes a while. */
async function listening(pool, event) {
  pool.on(event, async () => {
    await null;
    await profiler.trace('count', async () => {});
  });
  await profiler.trace('first', () => pool.query('select 1'));
  await Promise.all(['second', 'third'].map((name) => profiler.trace(name, () => pool.query('select 2'))));
  await pool.end();
}

/** Tells of all that happens to it, and takes a while for that. */
class TellingPool extends Pool {
  emit(event, ...given) {
    if (event === 'acquire') void this.tell();
    return super.emit(event, ...given);
  }

  async tell() {
    await null;
    await profiler.trace('told', async () => {});
  }
}

const waysOf = {
  async 'a class'() {
    const pool = new Pool({ Client: AskingClient, max: 1 });
    await profiler.trace('first', () => pool.query('select 1', []));
    await Promise.all(
      ['second', 'third'].map((name) => profiler.trace(name, () => pool.query('select 2', []))),
    );
    await pool.end();
  },
  async 'a wrapped callback'() {
    const pool = new Pool({ Client: AuditingClient, max: 1 });
    for (const name of ['first', 'second']) await profiler.trace(name, () => pool.query('select 1', []));
    await pool.end();
  },
  async 'on connect'() {
    const pool = new Pool({ max: 1 });
    pool.on('connect', (client) => {
      profiler.start('setup');
      void client.query('set search_path = public');
      profiler.stop();
    });
    await profiler.trace('first', async () => {
      const client = await pool.connect();
      await client.query('select 1');
      client.release();
      await profiler.trace('later', async () => {});
    });
    await profiler.trace('second', () => pool.query('select 2'));
    await pool.end();
  },
  async 'a pool'() {
    const pool = new CheckingPool({ max: 1 });
    await profiler.trace('first', () => pool.query('select 1'));
    await Promise.all(['second', 'third'].map((name) => profiler.trace(name, () => pool.query('select 2'))));
    await pool.end();
  },
  'on release': () => listening(new Pool({ max: 1 }), 'release'),
  'its own emit': () => listening(new TellingPool({ max: 1 }), 'none'),
  'on acquire': () => listening(new Pool({ max: 1 }), 'acquire'),
};

void (async () => {
  for (const [way, run] of Object.entries(waysOf)) await profiler.trace(way, run);
})();
