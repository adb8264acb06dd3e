// Messages to child processes and worker threads: the application sees what it sees without the agent, and each message
// that its receiver has got is below the one that was sent.
// needs: agent
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type Run, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

interface Asked {
  readonly run: Run;
  readonly ids: ReadonlyMap<string, string>;
  readonly answers: readonly unknown[];
}

/** Asks for each step twice: within a trace, and outside of any. */
async function ask(t: TestContext, load: 'import' | 'none'): Promise<Asked> {
  const ids = new Map<string, string>();
  const answers: unknown[] = [];
  const seen = await run(t, scenario('channels/steps.cjs'), {
    env: { ...on, OSTRACE_EXIT_TIMEOUT: '60000' },
    load,
    onReady: async (line) => {
      const { port, steps } = JSON.parse(line) as { port: number; steps: readonly string[] };
      for (const step of steps) {
        const { base_id, headers } = signedHeaders();
        ids.set(step, base_id);
        for (const given of [headers, {}]) {
          const response = await fetch(`http://127.0.0.1:${port}/${step}`, { headers: given });
          answers.push([step, await response.json()]);
        }
      }
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  assert.deepEqual([seen.code, seen.stderr], [0, '']);
  return { run: seen, ids, answers };
}

const expected: Readonly<Record<string, string>> = {
  process: 'rpc(rpc(got plain))',
  clustered: 'rpc(rpc(got plain))',
  callback: 'rpc(rpc(got a text))',
  // What is sent after an answer may be for others.
  twice: 'rpc(rpc(got first))',
  advanced: 'rpc(rpc(got a map))',
  'without the agent': 'rpc',
  // Nothing tells which of the kept messages is which.
  late: 'rpc rpc',
  'cannot be sent': 'rpc rpc',
  nested: 'rpc',
  // A handle, and what Node holds back behind it, carry nothing.
  handle: 'rpc rpc',
  disconnected: 'rpc rpc',
  thread: 'rpc(rpc(got plain))',
  'thread without the agent': 'rpc',
  'cannot be posted': 'rpc',
  'nested in a thread': 'rpc',
  taken: 'rpc',
  'by a port': 'rpc(rpc(got asked))',
  'a thread of its own': 'thread(thread_main(got first got second got close)) rpc(rpc) rpc(rpc) rpc(rpc)',
};

test('the application sees what it sees without the agent, and each message is below the one that was sent', async (t) => {
  const [bare, traced] = await Promise.all([ask(t, 'none'), ask(t, 'import')]);
  assert.deepEqual(traced.answers, bare.answers);
  assert.equal(bare.run.events.length, 0);
  const shapes = [...traced.ids].map(([step, base_id]) => {
    const [root] = treeOf(traced.run.events, base_id);
    return [step, shape(root!.children)];
  });
  assert.deepEqual(Object.fromEntries(shapes), expected);
  const known = new Set(traced.ids.values());
  assert.deepEqual(
    traced.run.events.filter(({ base_id, name }) => !known.has(base_id) && !name.startsWith('left_out')),
    [],
  );
  const [first] = treeOf(traced.run.events, traced.ids.get('process'));
  const [producer] = first!.children;
  const [consumer] = producer!.children;
  const { destination } = (producer!.start.info as { rpc: { destination: string } }).rpc;
  assert.deepEqual(producer!.start.info, {
    ...producer!.start.info,
    rpc: { kind: 'producer', system: 'process', destination },
  });
  assert.deepEqual(consumer!.start.info, {
    ...consumer!.start.info,
    rpc: { kind: 'consumer', system: 'process', destination },
  });
  const failed = treeOf(traced.run.events, traced.ids.get('disconnected'))[0]!.children;
  assert.deepEqual(
    failed.map(({ stop }) => stop!.info['message']),
    ['Channel closed', 'Channel closed'],
  );
});
