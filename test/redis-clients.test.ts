// Redis by ioredis and node-redis: what one request asks over a shared connection is never in another one's trace, and
// no secret is in any.
// needs: agent packages redis
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';

import { unseenAmong } from '../src/diagnosis/clients.js';
import { type SeenPoint, key, on, run, scenario, signedHeaders, treeOf } from './scenario.js';
import { writeApp } from './versions/app.js';
import { installed } from './versions/installed.js';
import { ioredisRows, redisRows } from './versions/matrix.js';

const withSql = { ...on, OSTRACE_TRACE_SQL: 'true' };

/** The commands of each way of asking; a pool's may come after `connect`, where they wait for it. */
const ways: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ioredis: {
    alone: 'set get',
    pipeline: 'get incr',
    transaction: 'multi get incr exec',
    script: 'evalsha',
    together: 'get get',
    'by a callback': 'get',
    published: 'publish',
  },
  redis: {
    alone: 'set get',
    pipeline: 'get incr',
    transaction: 'multi get incr exec',
    pooled: 'get',
    isolated: 'get incr',
    published: 'publish',
  },
};

for (const { packages, because } of [...ioredisRows, ...redisRows]) {
  const [[name, version] = ['', '']] = Object.entries(packages);
  test(`${name} ${version}: of hundreds of requests over a few connections, each finds its own commands in its trace, whichever request began to connect and to subscribe (${because})`, async (t) => {
    const imports = { [name === 'ioredis' ? 'Redis' : 'redis']: name };
    const app = writeApp(
      t,
      installed(...Object.entries(packages).map((each) => each.join('@'))),
      'cjs',
      'redis-worker.cjs',
      imports,
    );
    const asked = new Map<string, string | undefined>();
    const { events, code, stderr } = await run(t, app, {
      env: withSql,
      onReady: async (line) => {
        const { port } = JSON.parse(line) as { port: number };
        const ask = async (id: string, isSigned: boolean): Promise<void> => {
          const { base_id, headers } = signedHeaders();
          asked.set(id, isSigned ? base_id : undefined);
          const response = await fetch(`http://127.0.0.1:${port}/${id}`, {
            headers: isSigned ? headers : {},
          });
          assert.equal(await response.text(), Object.keys(ways[name]!).join());
        };
        await ask('first', true);
        // Long after that one is over.
        await setTimeout(300);
        await ask('untraced', false);
        await Promise.all(Array.from({ length: 200 }, (_, i) => ask(`${i}`, i % 3 !== 1)));
        await (await fetch(`http://127.0.0.1:${port}/end`)).text();
      },
    });
    assert.deepEqual([code, stderr], [0, '']);
    const known = new Set(asked.values());
    assert.deepEqual(
      events.filter(({ base_id, name: event }) => !known.has(base_id) && !event.startsWith('left_out')),
      [],
    );
    for (const [id, base_id] of asked) {
      if (base_id === undefined) continue;
      const [root, ...more] = treeOf(events, base_id);
      assert.deepEqual(more, []);
      const seen = root!.children.filter((point) => point.name !== 'db');
      // A client's own commands are nobody's.
      const others = root!.children.filter((point) => point.name === 'db');
      assert.deepEqual(
        others.map((point) => infoOf(point).operation),
        id === 'first' ? ['subscribe'] : [],
      );
      assert.deepEqual(
        Object.fromEntries(seen.map((way) => [way.name.replaceAll('_', ','), commandsOf(way)])),
        ways[name],
        id,
      );
      for (const statement of seen.flatMap(statementsOf)) {
        assert.match(
          statement,
          new RegExp(`^(?:MULTI|EXEC|PUBLISH .*|.* ostrace-worker-\\d+:${id}(?: \\?)?)$`),
        );
      }
    }
  });
}

for (const library of ['ioredis', 'redis']) {
  test(`${library}: no secret is in a trace, unless it is a value and values are asked for`, async (t) => {
    const args = [library];
    const file = scenario('redis/secrets.cjs');
    const bare = await run(t, file, { load: 'none', args });
    assert.equal(bare.code, 0, bare.stderr);
    const values = ['argument-secret', 'number-secret', 'script-secret', 'value-secret'];
    for (const [OSTRACE_TRACE_SQL_PARAMS, expected] of [
      ['false', []],
      ['true', values],
    ] as const) {
      const env = { ...withSql, OSTRACE_PROFILE: key, OSTRACE_MASK_SQL: 'false', OSTRACE_TRACE_SQL_PARAMS };
      const { stdout, code, stderr, events } = await run(t, file, { env, args });
      assert.deepEqual([code, stderr, stdout], [0, bare.stderr, bare.stdout]);
      const statements = events.filter(({ name }) => name === 'sql-start');
      assert.equal(statements.length, (JSON.parse(stdout) as unknown[]).length);
      // Where values are asked for, messages of errors repeat what they like.
      const all = JSON.stringify(expected === values ? statements : events);
      assert.deepEqual([...new Set(all.match(/[\w-]+-secret/g))].toSorted(), expected);
    }
  });

  test(`${library}: promises stay as they are, also one whose rejection nobody handles`, async (t) => {
    const args = [library];
    const file = scenario('redis/promises.cjs');
    const bare = await run(t, file, { load: 'none', args });
    assert.equal(bare.code, 0, bare.stderr);
    const traced = await run(t, file, { env: { ...withSql, OSTRACE_PROFILE: key }, args });
    assert.deepEqual([traced.code, traced.stderr, traced.stdout], [0, bare.stderr, bare.stdout]);
    const [root] = treeOf(traced.events);
    assert.deepEqual(
      root!.children.map(({ stop }) => typeof stop!.info['etype']),
      ['undefined', 'string'],
    );
  });
}

test('a task that waits for a pool since before the first trace is in no trace, whoever makes room for it', async (t) => {
  const { base_id, headers } = signedHeaders();
  const { events, code, stderr } = await run(t, scenario('redis/pool.cjs'), {
    env: withSql,
    onReady: async (port) => void (await (await fetch(`http://127.0.0.1:${port}`, { headers })).text()),
  });
  assert.deepEqual([code, stderr], [0, '']);
  const [root] = treeOf(events, base_id);
  assert.deepEqual(
    root!.children.map((point) => [infoOf(point).operation, point.stop !== undefined]),
    [
      ['connect', true],
      ['get', true],
    ],
  );
  assert.match(statementsOf(root!).join(), /^GET ostrace-pool-\d+:traced$/);
});

test('redis is a front of its client: only one of them is named where it is not seen', () => {
  const files = (...names: readonly string[]): string[] =>
    names.map((name) => `/app/node_modules/${name}/index.js`);
  assert.deepEqual(unseenAmong(files('redis', '@redis/client'), []), ['@redis/client']);
  assert.deepEqual(unseenAmong(files('redis', '@redis/client'), ['@redis/client']), []);
  // Before 4.1, it is another client.
  assert.deepEqual(unseenAmong(files('redis'), ['@redis/client']), ['redis']);
});

const infoOf = ({ start }: SeenPoint): { readonly operation?: string; readonly statement?: string } =>
  start.info['db'] as object;

/** The operations of a way, in the order in which they were asked for. */
function commandsOf({ children }: SeenPoint): string {
  for (const { stop, name } of children) assert.ok(name === 'db' && stop !== undefined);
  return children
    .map((point) => infoOf(point).operation)
    .filter((operation) => operation !== 'connect')
    .join(' ');
}

const statementsOf = ({ children }: SeenPoint): readonly string[] =>
  children.flatMap((point) => point.children.map((sql) => infoOf(sql).statement!));
