// RabbitMQ by amqplib: each message is one point where it is sent and one where it is handled, in every supported
// version; and what one message of a shared channel does is never in another one's trace.
// needs: agent packages rabbitmq
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';

import { key, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';
import { sameAs, writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { amqplibStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { amqplibRows } from './versions/matrix.js';

for (const { packages, because } of amqplibRows) {
  const version = packages['amqplib']!;
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`amqplib ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
      const app = writeApp(t, installed(`amqplib@${version}`), kind, 'amqplib.cjs', {
        amqp: 'amqplib',
        // No extension in its `exports`, and none needed by `require` before it had those.
        callbacks: 'require amqplib/callback_api',
      });
      const bare = await run(t, app, { load: 'none' });
      assert.equal(bare.code, 0, bare.stderr);
      const idle = await run(t, app, { env: on });
      sameAs(bare, idle);
      assert.deepEqual(idle.files, []);
      const traced = await run(t, app, { env: { ...on, OSTRACE_PROFILE: key } });
      sameAs(bare, traced);
      const [root, ...others] = treeOf(traced.events);
      assert.deepEqual(others, []);
      assert.deepEqual(
        Object.fromEntries(root!.children.map(({ name, children }) => [name, describedCalls(children)])),
        amqplibStyles,
      );
    });
  }
}

const carried = 'own,x-trace-hmac,x-trace-info,x-trace-time';

test('of hundreds of messages on one channel, each is handled in its own trace or in none, whichever request began to consume', async (t) => {
  const asked = new Map<string, { readonly base_id: string; readonly isSigned: boolean }>();
  const { events, code, stderr } = await run(t, scenario('amqplib/worker.cjs'), {
    env: on,
    onReady: async (line) => {
      const { port } = JSON.parse(line) as { port: number };
      const ask = async (id: string, isSigned: boolean): Promise<void> => {
        const { base_id, headers } = signedHeaders();
        asked.set(id, { base_id, isSigned });
        const response = await fetch(`http://127.0.0.1:${port}/${id}`, { headers: isSigned ? headers : {} });
        assert.equal(await response.text(), isSigned ? carried : 'own');
      };
      await ask('first', true);
      // Long after that one is over.
      await setTimeout(300);
      await ask('untraced', false);
      await Promise.all(Array.from({ length: 300 }, (_, i) => ask(`${i}`, i % 3 !== 1)));
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  for (const [id, { base_id, isSigned }] of asked) {
    const [root, ...more] = treeOf(events, base_id);
    if (!isSigned) {
      assert.equal(root, undefined);
      continue;
    }
    assert.deepEqual(more, []);
    // The confirmation and the message come by the same connection: which one comes first is chance.
    const parts = root!.children.map((point) => shape([point])).toSorted();
    assert.deepEqual(parts, [`rpc(rpc(handled ${id}))`, `sent ${id}`]);
  }
  const known = new Set([...asked.values()].flatMap(({ base_id, isSigned }) => (isSigned ? base_id : [])));
  assert.deepEqual(
    events.filter(({ base_id, name }) => !known.has(base_id) || name.startsWith('left_out')),
    [],
  );
});

test('a broker that may not have signed headers gets none', async (t) => {
  const { base_id, headers } = signedHeaders();
  const { events } = await run(t, scenario('amqplib/worker.cjs'), {
    env: { ...on, OSTRACE_PROPAGATE_TO: 'example.org' },
    onReady: async (line) => {
      const { port } = JSON.parse(line) as { port: number };
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/1`, { headers })).text(), 'own');
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  const [root] = treeOf(events, base_id);
  assert.deepEqual(root!.children.map((point) => shape([point])).toSorted(), ['rpc', 'sent 1']);
});
