// The supported versions of pg, mysql2, ioredis and redis, each against the real servers. The apps are CommonJS and ES module
// programs in folders where just that version is installed.
// needs: agent packages postgresql mariadb redis
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type SeenPoint, key, on, run, treeOf } from './scenario.js';
import { sameAs, writeApp } from './versions/app.js';
import { ioredisStyles, mysql2Styles, pgStyles, redisStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { type Row, ioredisRows, mysql2Rows, pgRows, redisRows } from './versions/matrix.js';

const profiled = { ...on, OSTRACE_PROFILE: key, OSTRACE_TRACE_SQL: 'true', OSTRACE_TRACE_SQL_PARAMS: 'true' };

interface Target {
  readonly rows: readonly Row[];
  /** The body of the apps, in test/versions. */
  readonly body: string;
  /** What the body is given, by the names of its parameters. */
  imports(row: Row): Readonly<Record<string, string>>;
  readonly styles: Readonly<Record<string, string>>;
  /** What each `db` point says of where it goes. */
  readonly endpoint: Endpoint;
  /** The operations that the body asks for outside of its styles. A client's own ones are no points. */
  readonly others?: readonly string[];
}

type Endpoint = Readonly<Record<'host' | 'port' | 'name', string | undefined>>;

const {
  PGHOST,
  PGPORT,
  PGDATABASE,
  MYSQL_HOST,
  MYSQL_PORT,
  MYSQL_DATABASE,
  REDIS_URL = 'redis://127.0.0.1:6379',
} = process.env;
const redis = new URL(REDIS_URL);
const redisEndpoint = { host: redis.hostname, port: redis.port, name: redis.pathname.slice(1) || '0' };

const targets: readonly Target[] = [
  {
    rows: pgRows,
    body: 'pg.cjs',
    imports: ({ packages }) => ({
      pg: 'pg',
      // Not the copy that pg brings, which `pg.Pool` is.
      ...(Object.keys(packages)[0] === 'pg-pool' && { Pool: 'require pg-pool' }),
      Cursor: 'pg-cursor',
      QueryStream: 'pg-query-stream',
    }),
    styles: pgStyles,
    endpoint: { host: PGHOST, port: PGPORT, name: PGDATABASE },
  },
  {
    rows: mysql2Rows,
    body: 'mysql2.cjs',
    imports: () => ({ mysql: 'mysql2', promises: 'mysql2/promise.js' }),
    styles: mysql2Styles,
    endpoint: { host: MYSQL_HOST, port: MYSQL_PORT, name: MYSQL_DATABASE },
  },
  {
    rows: ioredisRows,
    body: 'ioredis.cjs',
    imports: () => ({ Redis: 'ioredis' }),
    styles: ioredisStyles,
    endpoint: redisEndpoint,
    others: ['ping', 'del'],
  },
  {
    rows: redisRows,
    body: 'redis.cjs',
    imports: () => ({ redis: 'redis' }),
    styles: redisStyles,
    endpoint: redisEndpoint,
    others: ['quit', 'del'],
  },
];

for (const { rows, body, imports, styles, endpoint, others } of targets) {
  for (const row of rows) {
    const [[name, version] = []] = Object.entries(row.packages);
    for (const kind of ['cjs', 'mjs'] as const) {
      test(`${name} ${version}, ${kind}: each style gives what it gives without the agent, and its points (${row.because})`, async (t) => {
        const modules = installed(...Object.entries(row.packages).map((each) => each.join('@')));
        const app = writeApp(t, modules, kind, body, imports(row));
        const bare = await run(t, app, { load: 'none' });
        assert.equal(bare.code, 0, bare.stderr);
        const traced = await run(t, app, { env: profiled });
        sameAs(bare, traced);
        const results = JSON.parse(bare.stdout) as Record<string, unknown>;
        assert.deepEqual(Object.keys(results), Object.keys(styles));
        const [root] = treeOf(traced.events);
        const seen = root!.children.filter((point) => point.name !== 'db');
        assert.deepEqual(
          Object.fromEntries(
            seen.map((style) => [
              style.name.replaceAll('_', ','),
              described(style.children, waits[style.name]),
            ]),
          ),
          { ...styles, ...row.differs },
        );
        if (others !== undefined) {
          const asked = root!.children.filter((point) => point.name === 'db');
          const named = asked.map((point) => (point.start.info['db'] as { operation: string }).operation);
          // With another database than the first, ioredis 5.0 selects it when it is ready already.
          const own = new Set(named.filter((operation) => operation !== 'select'));
          assert.deepEqual([...own].toSorted(), others.toSorted());
        }
        for (const style of seen) check(style, results[style.name.replaceAll('_', ',')], endpoint);
      });
    }
  }
}

test('a bare `import` of pg-pool in an ES module is traced, where it is the copy that pg brings', async (t) => {
  const code = `
    import Pool from 'pg-pool';
    const pool = new Pool({ max: 1 });
    await Promise.all([1, 2].map((n) => pool.query('SELECT $1::int AS n', [n])));
    await pool.end();
  `;
  const nodeArgs = ['--input-type=module'];
  const { events, code: exit, stderr } = await run(t, '-e', { args: [code], nodeArgs, env: profiled });
  assert.deepEqual([exit, stderr], [0, '']);
  assert.equal(described(treeOf(events)), 'process(db=1(sql=1) db=1(sql=1))');
});

/** The styles whose calls wait for something, and what that is. */
const waits: Readonly<Record<string, string>> = {
  turn: 'turn',
  'pool turn': 'pool',
  handler: 'turn',
  'before it is ready': 'connect',
};

/**
 * A tree on one line, with its counts of rows, what failed and, where it is asked for, who waited:
 * `db=1(sql=1) db=1~turn callback`, `db!(sql!)`.
 */
function described(points: readonly SeenPoint[], wait?: string): string {
  return points
    .map(({ name, stop, children }) => {
      const { db, etype } = (stop?.info ?? {}) as { db?: Record<string, number>; etype?: string };
      const waited = db?.[`wait_${wait}_ms`] === undefined ? '' : `~${wait}`;
      const rows = (db?.['rows'] === undefined ? '' : `=${db['rows']}`) + waited;
      const end = stop === undefined ? '?' : etype === undefined ? rows : '!';
      return `${name}${end}${children.length > 0 ? `(${described(children, wait)})` : ''}`;
    })
    .join(' ');
}

/** All went to the server. The application saw `DatabaseError 42P01 …`: so does the trace, which names a plain `Error` by its code. */
function check(style: SeenPoint, result: unknown, endpoint: Endpoint): void {
  for (const { name, start, stop, children } of style.children) {
    const { etype, message } = (stop?.info ?? {}) as { etype?: string; message?: string };
    if (etype !== undefined) {
      assert.match(String(result), new RegExp(`^(?:Error )?${etype} `), style.name);
      assert.ok(message !== undefined && String(result).endsWith(message), `${style.name}: ${message}`);
    }
    if (name === 'db') {
      const db = start.info['db'] as Record<string, unknown>;
      const { host, port, name: database } = db;
      assert.deepEqual({ host, port: String(port), name: String(database) }, endpoint);
    }
    for (const child of children.filter((point) => point.name === 'sql')) {
      assert.ok(child.start.info['db'] !== undefined);
    }
  }
}
