// Messages to child processes and worker threads: each is in its sender's trace, at both ends, or in none.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { crowd } from './crowd.js';
import { scenario } from './scenario.js';

const files = ['processes.cjs', 'processes.mjs', 'threads.cjs', 'threads.mjs'];

/** The pools of `service.cjs`, in their order. */
const pools = {
  senders: ['at once', 'by answers', 'by promises', 'by a loop', 'by waiting'],
  receivers: [
    'in a loop',
    'in a waiting loop',
    'in batches',
    'the last first',
    'two at a time',
    'made by a request',
    'made by a request, with a loop of its main script',
  ],
};

for (const file of files) {
  for (const [which, names] of Object.entries(pools)) {
    test(`${file}, ${which}: of hundreds of tasks of home-made pools, each is in its own trace or in none`, async (t) => {
      const { shapes, foreign } = await crowd(t, {
        file: scenario(`channels/${file}`),
        count: 200,
        // The events of many processes wait for each other on a busy machine.
        env: { POOLS: which, OSTRACE_EXIT_TIMEOUT: '60000' },
        answer: (id) => id,
      });
      assert.deepEqual(
        foreign.filter(({ name }) => !name.startsWith('left_out')),
        [],
      );
      assert.equal(shapes.size, 134);
      const followed = new Map(names.map((name) => [name, 0]));
      for (const [id, seen] of shapes) {
        const pool = names[(Number(id) || 0) % names.length]!;
        const whose = [...seen.matchAll(/(?:begun|done) (\w+)/g)].map(([, task]) => task);
        assert.deepEqual(new Set(whose.filter((task) => task !== id)), new Set(), `${pool}, ${id}: ${seen}`);
        // The request that makes a receiver has points for that too.
        if (!pool.startsWith('made by')) {
          assert.match(
            seen,
            /^wsgi(?:\(rpc(?:\(rpc(?:\(begun \w+(?: done \w+)?\))?\))?\))?$/,
            `${pool}, ${id}`,
          );
        }
        if (whose.length > 0) followed.set(pool, followed.get(pool)! + 1);
      }
      // The first request has everything.
      assert.equal(shapes.get('first'), 'wsgi(rpc(rpc(begun first done first)))');
      // Each of these is the only task of its receiver, and was sent by its own request.
      if (which === 'senders') assert.equal(followed.get('by waiting'), 26);
    });
  }
}
