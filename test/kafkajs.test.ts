// Kafka by kafkajs: each call that sends messages is one point, and so is each message or batch that is handled, in every
// supported version; and what one message of a shared consumer does is never in another one's trace.
// needs: agent packages kafka
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { quiet, sendHundreds, sendUnsigned } from './fixtures/hundreds.js';
import { type SeenPoint, key, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';
import { sameAs, writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { kafkajsStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { kafkajsRows } from './versions/matrix.js';

// They wait for their groups most of the time.
describe('kafkajs', { concurrency: 4 }, () => {
  for (const { packages, because } of kafkajsRows) {
    const version = packages['kafkajs']!;
    for (const kind of ['cjs', 'mjs'] as const) {
      test(`kafkajs ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
        const app = writeApp(t, installed(`kafkajs@${version}`), kind, 'kafkajs.cjs', { kafkajs: 'kafkajs' });
        const [bare, idle, traced] = await Promise.all([
          run(t, app, { ...quiet, load: 'none' }),
          run(t, app, { ...quiet, env: { ...on, ...quiet.env } }),
          run(t, app, { ...quiet, env: { ...on, ...quiet.env, OSTRACE_PROFILE: key } }),
        ]);
        assert.equal(bare.code, 0, bare.stderr);
        sameAs(bare, idle);
        assert.deepEqual(idle.files, []);
        sameAs(bare, traced);
        const [root, ...others] = treeOf(traced.events);
        assert.deepEqual(others, []);
        const styles = root!.children.filter(({ name }) => name !== 'rpc');
        assert.deepEqual(
          Object.fromEntries(styles.map(({ name, children }) => [name, describedCalls(children)])),
          kafkajsStyles,
        );
      });
    }
  }

  test('of hundreds of messages of one consumer, each is handled in its own trace or in none, whichever request began to consume', (t) =>
    sendHundreds(t, 'queues/kafkajs.cjs', {
      came: (isSigned) => (isSigned ? carried : 'own'),
      parts: (id) => [...(id === 'first' ? ['rpc(rpc)'] : []), `rpc(rpc(handled ${id}))`],
    }));

  test('brokers that may not have signed headers get none', (t) =>
    sendUnsigned(t, 'queues/kafkajs.cjs', { came: () => 'own', parts: () => ['rpc', 'rpc'] }));

  test('a batch of several traces has a trace of its own, and each of them links to it', async (t) => {
    const senders = [signedHeaders(), signedHeaders()];
    const headers = [...senders.map((each) => each.headers), { own: 'a' }];
    const { events, stdout, stderr } = await run(t, scenario('queues/kafkajs-batch.cjs'), {
      ...quiet,
      env: { ...on, ...quiet.env },
      args: [JSON.stringify(headers)],
    });
    assert.deepEqual(
      JSON.parse(stdout),
      headers.map((each) => Object.keys(each)),
      stderr,
    );
    const ids = senders.map(({ base_id }) => base_id);
    const own = events.find(({ base_id }) => !ids.includes(base_id));
    const [batch, ...others] = treeOf(events, own?.base_id);
    assert.deepEqual(others, []);
    assert.equal(shape([batch!]), 'rpc(handled)');
    assert.deepEqual(saidBy(batch!), {
      messages: 3,
      links: ids.map((base_id) => ({ base_id, trace_id: base_id })),
    });
    const { base_id, trace_id } = batch!.start;
    for (const id of ids) {
      const marks = treeOf(events, id);
      assert.equal(shape(marks), 'rpc');
      assert.deepEqual(saidBy(marks[0]!), { messages: 3, links: [{ base_id, trace_id }] });
    }
  });

  test('a batch of one trace is handled in it', async (t) => {
    const { base_id, headers } = signedHeaders();
    const { events } = await run(t, scenario('queues/kafkajs-batch.cjs'), {
      ...quiet,
      env: { ...on, ...quiet.env },
      args: [JSON.stringify([headers, headers])],
    });
    const points = treeOf(events);
    assert.equal(shape(points), 'rpc(handled)');
    assert.equal(points[0]!.start.base_id, base_id);
    assert.deepEqual(saidBy(points[0]!), { messages: 2, links: undefined });
  });
});

const carried = 'own,x-trace-hmac,x-trace-info,x-trace-time';
function saidBy({ start }: SeenPoint): { readonly messages: unknown; readonly links: unknown } {
  const { messages, links } = start.info['rpc'] as { readonly messages?: unknown; readonly links?: unknown };
  return { messages, links };
}
