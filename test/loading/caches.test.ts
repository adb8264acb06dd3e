// What applications, compilers and test tools do to `require.cache`, and copies of one driver.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { agentFolder, on, preload, run, shape, treeOf } from '../scenario.js';
import { folder, probe } from './probe.js';

const rest = 'http(wsgi) command thread(thread_main)';
const cases: Readonly<Record<string, { file: string; dbs: number }>> = {
  'a cleared require.cache, both copies of each driver in use': { file: 'cleared.cjs', dbs: 4 },
  'a require.cache that was cleared of the agent too, before a driver was loaded': {
    file: 'cleared-first.cjs',
    dbs: 2,
  },
  'another object in the place of require.cache': { file: 'replaced.cjs', dbs: 2 },
  'a driver taken out of require.cache and loaded again within a request': { file: 'emptied.cjs', dbs: 3 },
};

for (const [what, { file, dbs }] of Object.entries(cases)) {
  for (const load of ['import', 'require'] as const) {
    test(`${what}, --${load}: each call is one point`, async (t) => {
      const tree = `wsgi(${'db '.repeat(dbs)}${rest})`;
      await probe(t, join(folder, 'caches', file), { load, tree });
    });
  }
}

for (const type of ['cjs', 'mjs']) {
  const flag = type === 'cjs' ? '--require' : '--import';
  test(`drivers that a preload has loaded before the agent, by ${flag}: each call is one point`, async (t) => {
    const drivers = join(folder, `preloads/drivers.${type}`);
    await probe(t, join(folder, 'caches/preloaded.cjs'), {
      load: 'none',
      nodeArgs: [flag, drivers, flag, preload],
      bare: { nodeArgs: [flag, drivers] },
      tree: `wsgi(db db ${rest})`,
    });
  });
}

test('what a preload has taken out of Node’s modules before the agent works, but for threads it is seen', async (t) => {
  const builtins = join(folder, 'preloads/builtins.cjs');
  await probe(t, join(folder, 'caches/early-builtins.cjs'), {
    load: 'none',
    nodeArgs: ['--require', builtins, '--require', preload],
    bare: { nodeArgs: ['--require', builtins] },
    tree: 'wsgi(db db http(wsgi) command)',
  });
});

test('a driver that is loaded anew, while as many files are loaded as before: each call is one point', async (t) => {
  const { stdout, stderr, events } = await run(t, join(folder, 'caches/reloaded.cjs'), {
    env: { ...on, AGENT: agentFolder },
  });
  assert.deepEqual([stdout, stderr], ['[ { n: 1 } ]\n'.repeat(3), '']);
  assert.equal(shape(treeOf(events)), 'run(db db) run(db db) run(db db)');
});
