// A count of rows is a fact or is left out, whatever way a statement is asked in.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type SeenPoint, key, on, run, scenario, treeOf } from './scenario.js';

const withSql = { ...on, OSTRACE_PROFILE: key, OSTRACE_TRACE_SQL: 'true' };

/** The count at a point's stop. */
const rowsOf = ({ stop }: SeenPoint): unknown => (stop?.info['db'] as { rows?: unknown } | undefined)?.rows;

for (const file of ['pg-rows.cjs', 'pg-rows.mjs', 'mysql2-rows.cjs', 'mysql2-rows.mjs']) {
  test(`${file}: the rows of all fetches, statements and result sets are counted together`, async (t) => {
    const bare = await run(t, scenario(file), { load: 'none' });
    assert.equal(bare.code, 0, bare.stderr);
    const { stdout, code, events } = await run(t, scenario(file), { env: withSql });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), JSON.parse(bare.stdout));
    const ways = treeOf(events)[0]!.children.filter(({ name }) => name !== 'db');
    assert.equal(ways.length, (JSON.parse(stdout) as unknown[]).length);
    const seen = ways.map(({ name, children }) => {
      const counted = children.at(name === 'copy out 3' || / left /.test(name) ? 0 : -1)!;
      assert.deepEqual(counted.children.map(rowsOf), [rowsOf(counted)], `${name}: its statement`);
      return `${name.replace(/ \d+$/, '')} ${String(rowsOf(counted))}`;
    });
    const expected = ways.map(({ name }) => (/ \d+$/.test(name) ? name : `${name} undefined`));
    // How many a stream had fetched when it was left is up to it.
    const fixed = (line: string): boolean => !/^stream that is left (?:100|200|300|undefined)$/.test(line);
    assert.deepEqual(seen.filter(fixed), expected.filter(fixed));
  });
}
