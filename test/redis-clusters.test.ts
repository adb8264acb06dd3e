// Clusters, sentinels and Unix sockets of Redis, by ioredis and node-redis: each command is a point that says where it
// went, as far as that is known, and what a client asks for itself is none.
// needs: agent redis
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { startRedis, untilAnswer } from './fixtures/redis-server.js';
import { type SeenPoint, key, on, run, scenario, scratch, treeOf } from './scenario.js';
import { withRedis } from './services/redis.js';
import { freePort } from './services/scratch.js';

/** The commands of each way of asking, and how those that fail do so. */
const ways: Readonly<Record<string, string>> = {
  alone: 'get get',
  'at once': 'get get',
  pipeline: 'get incr',
  transaction: 'multi get incr exec',
  'known to be moved': 'get',
};
const moved: Readonly<Record<string, string>> = {
  // It asks the other node for the same command.
  ioredis: 'get',
  // It makes another command of it.
  redis: 'get!SimpleError get',
};

/** Starts a cluster of two nodes; the first one serves the upper half of the slots. */
async function startCluster(t: TestContext): Promise<readonly number[]> {
  const buses = [await freePort(), await freePort()];
  const nodes = await Promise.all(
    buses.map((bus) =>
      startRedis(t, ['cluster-enabled yes', 'cluster-node-timeout 15000', `cluster-port ${bus}`]),
    ),
  );
  const [first, second] = nodes.map(({ port }) => port) as [number, number];
  const ask = (port: number, ...words: readonly string[]): Promise<unknown> =>
    withRedis(`redis://127.0.0.1:${port}`, (client) => client.sendCommand([...words]));
  await ask(first, 'CLUSTER', 'MEET', '127.0.0.1', String(second), String(buses[1]));
  await ask(first, 'CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
  await ask(second, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
  for (const port of [first, second]) {
    await untilAnswer(
      port,
      ['CLUSTER', 'INFO'],
      (info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2'),
    );
  }
  return [first, second];
}

test('each command of a cluster is a point, also one whose slot has moved', async (t) => {
  const ports = await startCluster(t);
  for (const library of ['ioredis', 'redis']) {
    const { events, code, stderr } = await run(t, scenario('redis/cluster.cjs'), {
      args: [library, ...ports.map(String)],
      env: { ...on, OSTRACE_PROFILE: key },
    });
    assert.deepEqual([code, stderr], [0, ''], library);
    const [root] = treeOf(events);
    const seen = root!.children.filter(({ name }) => name !== 'moving');
    assert.deepEqual(
      Object.fromEntries(seen.map(({ name, children }) => [name, children.map(described).join(' ')])),
      { ...ways, moved: moved[library] },
      library,
    );
    // Which node it will be, a cluster of ioredis does not know yet.
    const told = new Set(seen.flatMap(({ children }) => children.map(({ start }) => portOf(start.info))));
    assert.deepEqual(told, new Set(library === 'redis' ? ports : [undefined]));
  }
});

test('a command says where it went: to a Unix socket, or where sentinels have told', async (t) => {
  const path = join(scratch(t), 'redis.sock');
  const { port } = await startRedis(t, [`unixsocket ${path}`]);
  const sentinel = await startRedis(t, [`sentinel monitor main 127.0.0.1 ${port} 1`], true);
  const { events, code, stderr } = await run(t, scenario('redis/endpoints.cjs'), {
    args: [path, String(sentinel.port), String(port)],
    env: { ...on, OSTRACE_PROFILE: key },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const [root] = treeOf(events);
  const seen = root!.children.filter(({ name }) => name !== 'db');
  const others = root!.children.filter(({ name }) => name === 'db');
  // The application's own `select`, and what a client of a sentinel subscribes to.
  const expected = new Set(['select', 'psubscribe']);
  assert.deepEqual(
    others.map(described).filter((each) => !expected.has(each)),
    [],
  );
  const db = { system: 'redis', operation: 'get' };
  const there = { host: '127.0.0.1', port };
  assert.deepEqual(
    Object.fromEntries(
      seen.map(({ name, children }) => [name, children.map(({ start }) => start.info['db'])]),
    ),
    {
      'ioredis: a socket': [{ ...db, name: 1, host: path }],
      'ioredis: another database': [{ ...db, name: 2, host: path }],
      'ioredis: a sentinel': [{ ...db, name: 0, ...there }],
      'redis: a socket': [{ ...db, name: 1, host: path }],
      'redis: opening': [],
      'redis: a sentinel': [{ ...db, name: 0, ...there }],
      'redis: without a database': [{ ...db, name: 0, ...there }],
    },
  );
});

function described({ start, stop }: SeenPoint): string {
  const { operation } = start.info['db'] as { operation: string };
  const { etype } = stop!.info as { etype?: string };
  return etype === undefined ? operation : `${operation}!${etype}`;
}

const portOf = (info: Readonly<Record<string, unknown>>): unknown => (info['db'] as { port?: unknown }).port;
