// The application's own queries within a call of a pool are calls of their own, below the one that caused them.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { key, on, run, scenario, shape, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };
const withSql = { ...profiled, OSTRACE_TRACE_SQL: 'true' };

/** The first call of a pool opens its connection. */
const quiet = 'first(db(sql)) second(db(sql)) third(db db(sql))';
const opening = 'first(db(db(sql) sql)) second(db(sql)) third(db db(sql))';
const pg: Readonly<Record<string, string>> = {
  'on connect': opening,
  'on acquire': 'first(db(db(sql) sql)) second(db(db(sql) sql)) third(db(db(sql)) db(sql))',
  // Anybody may give a client back, and the pool may do it later.
  'on release': quiet,
  'on remove': quiet,
  'on connect by a callback': opening,
  // By then the pool's query is at work.
  'on connect later': 'first(db(sql db(sql) db(sql))) second(db(sql)) third(db db(sql))',
  verify: opening,
  onConnect: opening,
  log: 'first(db(db(sql) db(sql) sql)) second(db(db(sql) sql)) third(db db(sql))',
  'a class': opening,
  'a stream': opening,
  'another client': 'held(db(db(sql))) query(db(db(sql) sql)) gives held(db) checkout(db(db(sql))) gives',
  'a value': 'db(sql(db(sql)))',
};

const fourth = 'fourth(db(sql) db(sql))';
const mysql: Readonly<Record<string, string>> = {
  'on connection': `${opening} ${fourth}`,
  'on acquire':
    'first(db(db(sql) sql)) second(db(db(sql) sql)) third(db(db(sql)) db(sql)) ' +
    // The second of them is given the connection of the first, without being told of.
    'fourth(db(db(sql) sql) db(sql))',
  'on release': `${quiet} ${fourth}`,
  'on connection by a statement': `${opening} ${fourth}`,
  'on enqueue': `${quiet} fourth(db(sql) db(db(sql) sql))`,
  'a stream': `${opening} ${fourth}`,
  'another connection': 'held(db(db(sql))) query(db(db(sql) sql)) gives',
  'a format': 'db(sql(db(sql)))',
  'a file': 'db(sql db(sql))',
};

for (const [library, ways] of Object.entries({ pg, mysql })) {
  for (const [setting, env] of Object.entries({ with: withSql, without: profiled })) {
    test(`${library}, ${setting} statements: what a pool's listeners and options ask is below the pool's call`, async (t) => {
      const file = scenario('database-handlers.cjs');
      const { events, code, stderr } = await run(t, file, { env, args: [library] });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /ostrace/);
      const [root] = treeOf(events);
      const seen = root!.children.filter(({ name }) => name !== 'db');
      const expected = Object.entries(ways).map(([name, tree]) => [
        name,
        setting === 'with' ? tree : withoutStatements(tree),
      ]);
      assert.deepEqual(
        seen.map((way) => [way.name, shape(way.children)]),
        expected,
      );
    });
  }
}

/** The same tree without its `sql` points; what is below one is below what that was below. */
function withoutStatements(tree: string): string {
  return tree
    .replace(/sql\((db\(sql\))\)/, '$1')
    .replaceAll('(sql)', '')
    .replaceAll(/ ?\bsql\b ?/g, '');
}
