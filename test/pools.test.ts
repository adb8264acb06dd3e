// Pools of threads: a task stands under the request that asked for it, and in the thread below that.
// needs: agent packages
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { crowd } from './crowd.js';
import { on as enabled, run, scenario, shape, treeOf } from './scenario.js';
import { writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { poolStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { piscinaRows, tinypoolRows } from './versions/matrix.js';
import { tracedAsBare } from './versions/styles.js';

const on = { ...enabled, OSTRACE_INSTRUMENT_TINYPOOL: 'true' };

// What becomes of these is chance: when the pool makes another thread, and what it does with a task that it refused.
const untold: readonly string[] = ['an answer that cannot be posted', 'too many'];

const versions = [
  ...piscinaRows.flatMap((row) => (['cjs', 'mjs'] as const).map((kind) => ({ ...row, kind }))),
  // It consists of ES modules.
  ...tinypoolRows.map((row) => ({ ...row, kind: 'mjs' as const })),
];

for (const { packages, because, kind, differs } of versions) {
  const [[library, version] = ['', '']] = Object.entries(packages);
  test(`${library} ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
    const app = writeApp(t, installed(`${library}@${version}`), kind, 'pool.cjs', {
      pools: `all ${library}`,
    });
    const root = await tracedAsBare(t, app, on);
    // A thread that is terminated at once may not have come to its main file.
    const described = root.children.map(
      ({ name, children }) =>
        [name, describedCalls(children).replaceAll('thread~(thread_main?)', 'thread~')] as const,
    );
    assert.deepEqual(Object.fromEntries(described.filter(([name]) => !untold.includes(name))), {
      ...poolStyles,
      ...differs,
    });
  });
}

const ways = {
  'threads that wait in Atomics.wait': {},
  'threads with several tasks at once': { CONCURRENT: '8' },
  'threads that do not wait': { PISCINA_DISABLE_ATOMICS: '1' },
  'threads that requests made': { MIN_THREADS: '0' },
} as const;

for (const [pool, file] of Object.entries({ piscina: 'piscina.cjs', tinypool: 'tinypool.mjs' })) {
  for (const [way, env] of Object.entries(ways)) {
    test(`${pool}, ${way}: of hundreds of tasks, each is in its own trace or in none`, async (t) => {
      const { shapes, foreign } = await crowd(t, {
        file: scenario(`pools/${file}`),
        env: { ...on, ...env },
        answer: (id) => id,
      });
      assert.deepEqual(foreign, []);
      assert.equal(shapes.size, 201);
      for (const [id, seen] of shapes) {
        const withoutThreads = seen.replace(/thread\(thread_main!?\) /, '');
        assert.equal(withoutThreads, `wsgi(rpc(rpc(begun ${id} done ${id})))`);
      }
    });
  }
}

test('of two copies of tinypool, no task has a point in a thread: their numbers are the same', async (t) => {
  const files = ['1.1.1', '2.2.0'].map((version) =>
    join(installed(`tinypool@${version}`), 'node_modules/tinypool/dist/index.js'),
  );
  const { events, stdout, stderr } = await run(t, scenario('pools/two-copies.mjs'), { env: on, args: files });
  assert.equal(stderr, '');
  assert.equal(stdout.split(',').length, 40);
  for (const { name, children } of treeOf(events)) {
    assert.match(name, /^asked t/);
    assert.equal(shape(children), 'rpc');
  }
});
