// oslo.messaging over RabbitMQ: a trace goes from Node through Python's RPC to Node, where that is asked for.
// needs: agent osprofiler rabbitmq redis
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { open } from './fixtures/drivers.js';
import { orderless, ostrace, services } from './fixtures/interoperation.js';
import { osprofiler, python } from './fixtures/osprofiler.js';
import { provideBroker } from './fixtures/rabbitmq.js';
import { startRedis } from './fixtures/redis-server.js';
import { isLasting, key, on, projectFolder, run, scenario, signedHeaders, treeOf } from './scenario.js';

const asked = { OSTRACE_OSLO_READ: '1', OSTRACE_OSLO_WRITE: '1' };

interface Peer {
  /** Has Python begin a trace with a call of Node; gives its id. */
  call(): Promise<string>;
  end(): Promise<void>;
}

/** Python's RPC server, for as long as the test runs. */
async function startPython(t: TestContext, settings: Readonly<Record<string, string>>): Promise<Peer> {
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const file = join(projectFolder, 'test/fixtures/oslo_peer.py');
  const child = spawn(python, [file, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<unknown> => {
    const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
    if (done === true) throw new Error('the Python service has ended');
    return JSON.parse(value);
  };
  await line();
  return {
    async call() {
      child.stdin.write('call\n');
      return ((await line()) as { base_id: string }).base_id;
    },
    async end() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

interface Seen {
  /** The answer of the Node service. */
  readonly answers: readonly { result: unknown; isSame: boolean }[];
  /** The tree of each trace: that of Node's two calls, and that of Python's. */
  readonly trees: readonly string[];
}

/** Node calls `work` and `leaf` of Python, and Python calls Node, each in a trace. */
async function play(t: TestContext, env: Readonly<Record<string, string>>): Promise<Seen> {
  const broker = await provideBroker();
  t.after(() => broker.remove());
  const store = `redis://127.0.0.1:${(await startRedis(t, [])).port}/1`;
  const name = `ostrace-test-${process.pid}`;
  const exchange = `${name}-exchange`;
  const answers: Seen['answers'][number][] = [];
  const ids: string[] = [];
  const { code, stderr } = await run(t, scenario('oslo/node.cjs'), {
    env: {
      ...on,
      OSTRACE_CONNECTION_STRING: store,
      OSTRACE_SERVICE: 'node',
      AMQP_URL: broker.url,
      EXCHANGE: exchange,
      TOPIC: `${name}-node`,
      NEXT_TOPIC: `${name}-python`,
      ...env,
    },
    async onReady(line) {
      const { port } = JSON.parse(line) as { port: number };
      const peer = await startPython(t, {
        'transport-url': broker.transportUrl,
        'connection-string': store,
        exchange,
        topic: `${name}-python`,
        'next-topic': `${name}-node`,
        'hmac-key': key,
      });
      const ask = async (method: string): Promise<void> => {
        const { base_id, headers } = signedHeaders();
        const response = await fetch(`http://127.0.0.1:${port}/${method}`, { headers });
        answers.push((await response.json()) as Seen['answers'][number]);
        ids.push(base_id);
      };
      await ask('work');
      await ask('leaf');
      ids.push(await peer.call());
      await peer.end();
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const driver = open(store);
  t.after(() => driver.close());
  const trees: string[] = [];
  for (const base_id of ids) {
    const stored = await driver.read(base_id);
    const events = stored!.events.filter(isLasting).toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    trees.push(services(treeOf(events)));
    const shown = await osprofiler('trace', 'show', '--json', base_id, '--connection-string', store);
    const shownByUs = await ostrace(store, 'trace', 'show', '--json', '--no-findings', base_id);
    assert.deepEqual(orderless(shownByUs), orderless(shown));
  }
  return { answers, trees };
}

const answered = [
  { result: { python: '1.0', next: { node: 1 } }, isSame: true },
  { result: { leaf: '1.0', keys: ['client_timeout'] }, isSame: true },
];

test(
  'Node, Python and Node are one tree over RPC, which both show alike',
  { timeout: 120_000 },
  async (t) => {
    const { answers, trees } = await play(t, asked);
    assert.deepEqual(answers, answered);
    assert.deepEqual(trees, [
      'wsgi@node(rpc@node(work@python(rpc@node(served@node rpc@node))))',
      'wsgi@node(rpc@node(leaf@python))',
      'begun@python(rpc@node(served@node rpc@node))',
    ]);
  },
);

test('without the options, nothing is read and nothing is written', { timeout: 120_000 }, async (t) => {
  const { answers, trees } = await play(t, {});
  assert.deepEqual(answers, answered);
  assert.deepEqual(trees, ['wsgi@node(rpc@node)', 'wsgi@node(rpc@node)', 'begun@python']);
});

test('a broker that may not have signed headers gets no key', { timeout: 120_000 }, async (t) => {
  const { trees } = await play(t, { ...asked, OSTRACE_PROPAGATE_TO: 'example.org' });
  assert.deepEqual(trees, [
    'wsgi@node(rpc@node)',
    'wsgi@node(rpc@node)',
    'begun@python(rpc@node(served@node rpc@node))',
  ]);
});
