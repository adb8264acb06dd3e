// The calls of pg and mysql2: each is a point, and gives what it gives without the agent.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type SeenPoint, key, on, run, scenario, shape, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };
const withSql = { ...profiled, OSTRACE_TRACE_SQL: 'true' };

/** Each style of a scenario and the points below it. */
const pgStyles: Readonly<Record<string, string>> = {
  connect: 'db',
  promise: 'db(sql)',
  callback: 'db(sql)',
  config: 'db(sql)',
  'config callback': 'db(sql)',
  'text callback': 'db(sql)',
  'several statements': 'db(sql)',
  error: 'db(sql)',
  'callback error': 'db(sql)',
  'no query': 'db(sql)',
  pool: 'db(sql)',
  'pool callback': 'db(sql)',
  'pool error': 'db(sql)',
  checkout: 'db db(sql)',
  'checkout callback': 'db db(sql)',
  cursor: 'db(sql)',
  stream: 'db(sql)',
  identity: 'db(sql)',
};
const mysqlStyles: Readonly<Record<string, string>> = {
  callback: 'db(sql)',
  options: 'db(sql)',
  'no values': 'db(sql)',
  execute: 'db(sql)',
  events: 'db(sql) in an event',
  stream: 'db(sql)',
  error: 'db(sql)',
  'execute error': 'db(sql)',
  'event error': 'db(sql)',
  pool: 'db(sql)',
  'pool events': 'db(sql)',
  'pool execute': 'db(sql)',
  'pool error': 'db(sql)',
  checkout: 'db db(sql)',
  promise: 'db(sql)',
  'promise execute': 'db(sql)',
  'promise error': 'db(sql)',
  'promise pool': 'db(sql)',
  'promise pool execute': 'db(sql)',
  'promise checkout': 'db db(sql)',
  prepare: 'db(sql) db(sql) prepared',
  'prepare events': 'db(sql) db(sql) ended',
  'prepare error': 'db(sql)',
  'promise prepare': 'db(sql) db(sql)',
  write: 'db(sql) db(sql)',
};

const scenarios = [
  {
    name: 'pg-calls',
    styles: pgStyles,
    system: 'postgresql',
    // As the application wrote them, but for their literals.
    statements: [
      'SELECT $1::int AS n',
      'SELECT ? AS n',
      'SELECT ? AS n; SELECT ? AS n',
      'SELECT nothing FROM nowhere',
      'SELECT nothing',
      undefined,
      'SELECT generate_series(?, ?) AS n',
    ],
  },
  {
    name: 'mysql2-calls',
    styles: mysqlStyles,
    system: 'mysql',
    statements: [
      'SELECT ? AS n',
      'SELECT nothing FROM nowhere',
      'SELECT nothing',
      'CREATE TEMPORARY TABLE t (n INT)',
      'INSERT INTO t VALUES (?), (?)',
    ],
  },
];

for (const { name, styles, system, statements } of scenarios) {
  for (const file of [`${name}.cjs`, `${name}.mjs`]) {
    test(`${file}: each style gives what it gives without the agent, and is a \`db\` point with its \`sql\``, async (t) => {
      const bare = await run(t, scenario(file), { load: 'none' });
      const { stdout, stderr, code, events } = await run(t, scenario(file), { env: withSql });
      assert.equal(withoutPid(stderr), withoutPid(bare.stderr));
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), JSON.parse(bare.stdout));
      const [root] = treeOf(events);
      const below = root!.children.filter((point) => point.name !== 'db');
      assert.deepEqual(Object.fromEntries(below.map((style) => [style.name, shape(style.children)])), styles);
      for (const point of below.flatMap((style) => style.children).filter((each) => each.name === 'db')) {
        const db = point.start.info['db'] as Record<string, unknown>;
        assert.equal(db['system'], system);
        assert.equal(db['host'], process.env[system === 'mysql' ? 'MYSQL_HOST' : 'PGHOST']);
        assert.ok(db['name'] && db['port'], JSON.stringify(db));
      }
      const failed = below.filter((style) =>
        style.children.some((point) => point.stop?.info['etype'] !== undefined),
      );
      assert.deepEqual(
        failed.map((style) => style.name),
        Object.keys(styles).filter((style) => /error|no query/.test(style)),
      );
    });
  }

  test(`${name}: without OSTRACE_TRACE_SQL no statement is stored, and no parameter with it`, async (t) => {
    const { events } = await run(t, scenario(`${name}.cjs`), { env: profiled });
    assert.ok(events.length > 20);
    assert.ok(!events.some((event) => event.name.startsWith('sql')));
    assert.doesNotMatch(JSON.stringify(events), /SELECT [^']/);
    const { events: more } = await run(t, scenario(`${name}.cjs`), { env: withSql });
    const texts = new Set(sqlOf(treeOf(more)).map(({ statement }) => statement));
    assert.deepEqual([...texts], statements);
    assert.ok(sqlOf(treeOf(more)).every(({ params }) => params === undefined));
  });

  test(`${name}: rows are counted, and parameters are there where they are asked for`, async (t) => {
    const env = { ...withSql, OSTRACE_TRACE_SQL_PARAMS: 'true' };
    const { events } = await run(t, scenario(`${name}.cjs`), { env });
    const pool = treeOf(events)[0]!.children.find((point) => point.name === 'pool')!;
    assert.deepEqual(
      sqlOf([pool]).map(({ params }) => params),
      [[name === 'pg-calls' ? 8 : 7]],
    );
    assert.equal((pool.children[0]!.stop!.info['db'] as { rows?: number }).rows, 1);
  });
}

test('a pool with options that name no server fails as without the agent, and the others stay traced', async (t) => {
  const code = `
    const { Pool } = require('pg');
    const bad = new Pool({ connectionString: 'postgresql://[' });
    const pool = new Pool();
    const said = (error) => console.log(error.code);
    Promise.resolve().then(() => bad.query('SELECT 1')).catch(said)
      .then(() => pool.query('SELECT 1')).then(({ rowCount }) => console.log(rowCount)).then(() => pool.end());
  `;
  const bare = await run(t, '-e', { args: [code], load: 'none' });
  const traced = await run(t, '-e', { args: [code], env: profiled });
  assert.deepEqual([traced.stdout, traced.stderr, traced.code], [bare.stdout, bare.stderr, bare.code]);
  assert.equal(shape(treeOf(traced.events)), 'process(db db)');
});

test('objects on which nothing can be put work as without the agent, and each point ends', async (t) => {
  const file = scenario('sealed-calls.cjs');
  const bare = await run(t, file, { load: 'none' });
  const traced = await run(t, file, { env: profiled });
  assert.deepEqual([traced.stdout, traced.stderr, traced.code], [bare.stdout, bare.stderr, bare.code]);
  assert.match(bare.stdout, /emit/);
  assert.equal(shape(treeOf(traced.events)), 'process(db db db db db db db)');
});

test('what fails in the agent while it watches a call never reaches the application, and the point ends', async (t) => {
  const file = scenario('sealed-calls.cjs');
  const bare = await run(t, file, { load: 'none', args: ['unreadable'] });
  const traced = await run(t, file, { env: profiled, args: ['unreadable'] });
  assert.deepEqual([traced.stdout, traced.code], [bare.stdout, bare.code]);
  assert.match(bare.stdout, /after it undefined \[ \{ n: 7 \} \]/);
  assert.match(traced.stderr, /^ostrace: the hook of pg Client\.query failed and is switched off; .*mine/);
  // Its own connection, the query that could not be watched, and none after it.
  assert.equal(shape(treeOf(traced.events)), 'process(db db db db db db db db db)');
});

test('an unhandled rejection of a traced query ends the process as without the agent', async (t) => {
  const code = `const { Pool } = require('pg'); new Pool().query('SELECT nothing FROM nowhere');`;
  const bare = await run(t, '-e', { args: [code], load: 'none' });
  const traced = await run(t, '-e', { args: [code], env: profiled });
  assert.equal(bare.code, 1);
  assert.equal(traced.code, 1);
  assert.match(traced.stderr, /relation "nowhere" does not exist/);
  const summary = (text: string): string =>
    text.split('\n').find((line) => line.startsWith('error:')) ?? text;
  assert.equal(summary(traced.stderr), summary(bare.stderr));
});

function sqlOf(points: readonly SeenPoint[]): { statement?: unknown; params?: unknown }[] {
  return points.flatMap((point) => [
    ...(point.name === 'sql' ? [point.start.info['db'] as { statement?: unknown }] : []),
    ...sqlOf(point.children),
  ]);
}

function withoutPid(text: string): string {
  return text.replace(/\(node:\d+\)/g, '(node)');
}

test('what an application adds to pg runs below the call that it is for, and each call is one point', async (t) => {
  const { events, stderr, code } = await run(t, scenario('pg-classes.cjs'), { env: profiled });
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(
    shape(treeOf(events)),
    'process(a class(first(db(lookup)) second(db(lookup)) third(db(lookup))) ' +
      'a wrapped callback(first(db(audit)) second(db(audit))) ' +
      'on connect(first(db(setup(db)) db later) second(db)) ' +
      'a pool(first(db(check)) second(db(check)) third(db(check))) ' +
      // What a pool tells of a client that is given back is nobody's: here that is the process's own.
      'on release(first(db) second(db) third(db)) count count count ' +
      // Each of them is told of for the call that gets the client.
      'its own emit(first(db(told)) second(db(told)) third(db(told))) ' +
      'on acquire(first(db(count)) second(db(count)) third(db(count))))',
  );
});
