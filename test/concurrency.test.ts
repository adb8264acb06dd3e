import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { type SeenPoint, key, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

const requests = 100;

for (const file of ['shop.cjs', 'shop.mjs']) {
  test(`${file}: of 100 signed and 100 unsigned requests at once, each signed one has a tree of its own`, async (t) => {
    const ids = new Map<string, string>();
    const { events, code, stderr } = await run(t, scenario(file), {
      env: { ...on, OSTRACE_TRACE_SQL: 'true', OSTRACE_TRACE_SQL_PARAMS: 'true' },
      onReady: async (port) => {
        await Promise.all(
          Array.from({ length: requests }, async (_, i) => {
            const { base_id, headers } = signedHeaders();
            ids.set(base_id, `signed${i}`);
            await Promise.all([ask(port, `signed${i}`, headers), ask(port, `plain${i}`, {})]);
          }),
        );
        await fetch(`http://127.0.0.1:${port}/end`);
      },
    });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.equal(new Set(events.map((event) => event.base_id)).size, requests, 'traces');
    for (const [base_id, id] of ids) {
      const trees = treeOf(events, base_id);
      // The three of mysql2 run side by side.
      assert.equal(
        shape(trees),
        'wsgi(db(sql) db(sql) db(sql) db db(sql) db(sql) db(sql) db(sql))',
        `the tree of ${id}`,
      );
      for (const sql of points(trees).filter(({ name }) => name === 'sql')) {
        assert.deepEqual(paramsOf(sql.start), [id], `a statement in the tree of ${id}`);
      }
    }
    assert.ok(!JSON.stringify(events).includes(key), 'the key is in an event');
  });
}

test('callbacks on a connection that another request opened run where their own request is', async (t) => {
  const { events, stderr } = await run(t, scenario('crossing.cjs'), {
    env: on,
    onReady: async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const opening = await fetch(`${base}/open`, { headers: signedHeaders().headers });
      const body = opening.body!.getReader();
      await body.read();
      for (const headers of [signedHeaders().headers, {}]) {
        const { traced, where } = (await (await fetch(`${base}/use`, { headers })).json()) as {
          traced: boolean;
          where: Record<string, boolean>;
        };
        assert.equal(traced, 'X-Trace-Info' in headers);
        assert.deepEqual(
          where,
          Object.fromEntries(
            ['cursor.read', 'cursor.close', 'new Query', 'ping', 'prepare', 'execute', 'execute, events'].map(
              (what) => [what, true],
            ),
          ),
        );
      }
      while (!(await body.read()).done);
      await fetch(`${base}/end`);
    },
  });
  assert.equal(stderr, '');
  assert.equal(new Set(events.map((event) => event.base_id)).size, 2);
});

async function ask(port: string, id: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/${id}`, {
    method: 'POST',
    body: id.repeat(100),
    headers,
  });
  const text = await response.text();
  assert.deepEqual(
    JSON.parse(text),
    Array.from({ length: 6 }, () => id),
  );
}

function points(trees: readonly SeenPoint[]): SeenPoint[] {
  return trees.flatMap((point) => [point, ...points(point.children)]);
}

function paramsOf(event: Event): unknown {
  return (event.info['db'] as { params?: unknown }).params;
}
