// Redis by ioredis and node-redis: what one request asks over a shared connection is never in another one's trace, and
// no secret is in any.
// needs: agent packages redis
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';

import { type SeenPoint, on, run, scenario, signedHeaders, treeOf } from './scenario.js';
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
    const app = writeApp(t, installed(`${name}@${version}`), 'cjs', 'redis-worker.cjs', imports);
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
    const known = new Set([...asked.values()]);
    assert.deepEqual(
      events.filter(({ base_id, name: event }) => !known.has(base_id) && !event.startsWith('left_out')),
      [],
    );
    for (const [id, base_id] of asked) {
      if (base_id === undefined) continue;
      const [root, ...more] = treeOf(events, base_id);
      assert.deepEqual(more, []);
      const seen = root!.children.filter((point) => point.name !== 'db');
      // What a client does for itself is nobody's.
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
