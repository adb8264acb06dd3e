// What a call of a database waits for is told apart from its running, and its statement starts when it runs.
// needs: agent postgresql mariadb redis
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type SeenPoint, key, on, run, scenario, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };

/** The waits of the calls of each way, in the order in which they were made. */
const shared: Readonly<Record<string, string>> = {
  alone: '',
  turn: ', turn',
  turns: ', turn, turn',
  'turn by callback': ', turn',
  'turn of an error': ', turn',
  'pool that opens': 'connect',
  'pool at once': '',
  pool: ', pool',
  checkout: ', pool',
  'checkout by callback': ', pool',
  'pool that opens another': ', pool connect',
  'turn behind a handler': 'turn, ',
};
const ways: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pg: {
    ...shared,
    'turn of a query object': ', turn',
    'turn of a cursor': ', turn',
    'turn behind an error': ', turn',
    'turn in a pipeline': ', turn',
    connect: ', connect',
    'pool in vain': ', pool',
  },
  mysql: {
    ...shared,
    'turn of events': ', turn',
    'turn of a statement': ', turn',
    'turn of preparing': ', turn',
    connect: 'connect',
  },
  ioredis: {
    connect: 'connect, connect',
    alone: '',
    'turn at the server': ', ',
    'connect again': 'connect',
    'connect lazily': 'connect',
    'connect in vain': '',
  },
  redis: {
    connect: 'connect, connect, connect, connect',
    alone: '',
    'turn at the server': ', ',
    turn: 'turn',
    'connect again': ', , connect',
    'connect in vain': '',
    'pool at once': '',
    // The call that waits is a point beside its command, for which it waits.
    pool: ', pool, ',
    'pool and its turn': ', pool, , , ',
    'pool in vain': ', pool',
  },
};

for (const [library, expected] of Object.entries(ways)) {
  for (const OSTRACE_TRACE_SQL of ['true', 'false']) {
    test(`${library}, OSTRACE_TRACE_SQL=${OSTRACE_TRACE_SQL}: a call says how long it waited, and for what`, async (t) => {
      const file = scenario('database-waits.cjs');
      const env = { ...profiled, OSTRACE_TRACE_SQL };
      const { events, code, stderr } = await run(t, file, { env, args: [library] });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /ostrace/);
      const [root] = treeOf(events);
      const seen = root!.children.filter(({ name }) => name !== 'db');
      assert.deepEqual(seen.map(({ name }) => name).toSorted(), Object.keys(expected).toSorted());
      for (const { name, children } of seen) {
        const wanted = expected[name]!.split(', ').map((names) =>
          names.split(' ').filter((each) => each !== ''),
        );
        const told = dbOf(children).map((point, i) =>
          // On a busy machine whatever a pool does may take a while, and so may the turn of the event loop in which
          // node-redis sends.
          waitsOf(point)
            .map(([wait]) => wait)
            .filter((wait) => (wait === 'turn' && library !== 'redis') || wanted[i]?.includes(wait) === true),
        );
        assert.deepEqual(told, [...wanted, ...told.slice(wanted.length).map(() => [])], name);
      }
      for (const { name, children } of seen) for (const db of dbOf(children)) check(name, db);
    });
  }
}

test('a wait for a connection whose opening began before the first trace is left out, and its statement starts in its turn', async (t) => {
  const env = { ...on, OSTRACE_TRACE_SQL: 'true' };
  const { events, code, stderr } = await run(t, scenario('database-opening.cjs'), { env });
  assert.equal(code, 0, stderr);
  const [waiting, later] = treeOf(events);
  assert.deepEqual(waiting!.children.flatMap(waitsOf), []);
  assert.deepEqual(
    dbOf(later!.children).map((point) => waitsOf(point).map(([wait]) => wait)),
    [[], ['turn']],
  );
  for (const point of waiting!.children) {
    const waited = sqlOf(point).start.timestamp > point.start.timestamp;
    assert.ok(waited);
  }
});

test('a connection that the application opens while the pool of another library opens one has a point of its own', async (t) => {
  const { events, code, stderr } = await run(t, scenario('database-within-checkout.cjs'), { env: on });
  assert.equal(code, 0, stderr);
  const [shop] = treeOf(events);
  const calls = dbOf(shop!.children).map(({ start, ...point }) => {
    const { system, operation } = start.info['db'] as Readonly<Record<string, unknown>>;
    const waits = waitsOf({ start, ...point })
      .map(([wait]) => wait)
      // The pool is mysql2's. On a busy machine, its own work beside the connecting takes measurable time.
      .filter((wait) => !(system === 'mysql' && wait === 'pool'));
    return `${String(system)} ${String(operation)}: ${waits.join()}`;
  });
  assert.deepEqual(calls.toSorted(), ['mysql connect: connect', 'postgresql connect: ']);
});

const dbOf = (points: readonly SeenPoint[]): readonly SeenPoint[] =>
  points.flatMap((point) => (point.name === 'db' ? [point, ...dbOf(point.children)] : []));

const sqlOf = ({ children }: SeenPoint): SeenPoint => children.find(({ name }) => name === 'sql')!;

function waitsOf({ stop }: SeenPoint): readonly (readonly [name: string, ms: number])[] {
  const db = (stop?.info['db'] ?? {}) as Readonly<Record<string, number>>;
  return Object.entries(db)
    .filter(([name]) => name.startsWith('wait_'))
    .map(([name, ms]) => [name.slice(5, -3), ms]);
}

/** No wait is longer than its call, and the statement runs after it. */
function check(name: string, point: SeenPoint): void {
  const waited = waitsOf(point).reduce((sum, [, ms]) => sum + ms, 0);
  const ms = (timestamp: string): number =>
    Date.parse(`${timestamp.slice(0, 23)}Z`) + Number(timestamp.slice(23)) / 1e3;
  const startMs = ms(point.start.timestamp);
  assert.ok(startMs + waited <= ms(point.stop!.timestamp) + 0.01, name);
  const sql = sqlOf(point) as SeenPoint | undefined;
  if (sql !== undefined)
    assert.ok(startMs + waited <= ms(sql.start.timestamp) + 0.01, `${name}: its statement`);
}
