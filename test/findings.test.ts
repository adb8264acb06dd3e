// The findings of traces that were made by hand: each detector names its cause, and is silent where there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Finding } from '../src/report/findings/finding.js';
import { findingsOf } from '../src/report/findings/findings.js';
import { reportedFindings } from '../src/report/findings/json.js';
import { renderFindings } from '../src/report/findings/text.js';
import { buildTree } from '../src/report/tree.js';
import type { Info } from '../src/trace/event.js';
import { type PointMade, eventsOf } from './fixtures/events.js';

const ms = 1000;
const treeOf = (points: readonly PointMade[]) => buildTree(points.flatMap((point) => eventsOf(point)));
const findingsIn = (points: readonly PointMade[]): readonly Finding[] => findingsOf(treeOf(points)).findings;
const kindsIn = (points: readonly PointMade[]): string[] => findingsIn(points).map(({ kind }) => kind);

/** A request of so many milliseconds. */
const request = (length: number, more: Partial<PointMade> = {}): PointMade => ({
  name: 'wsgi',
  id: 'in',
  start: 0,
  stop: length * ms,
  startInfo: { request: { method: 'GET', path: '/orders/42' } },
  stopInfo: { response: { status_code: 200 } },
  ...more,
});

/** A query as pg makes it: a `db` point, and the statement below it. Times are milliseconds. */
function query(
  id: string,
  from: number,
  to: number,
  statement: string,
  more: Partial<PointMade> = {},
): PointMade[] {
  const { parent = 'in', stopInfo = { db: { rows: 1 } }, ...rest } = more;
  return [
    {
      name: 'db',
      id,
      parent,
      start: from * ms,
      stop: to * ms,
      startInfo: { db: { system: 'postgresql', operation: 'query', name: 'shop', host: 'db', port: 5432 } },
      stopInfo,
      ...rest,
    },
    {
      name: 'sql',
      id: `${id}-sql`,
      parent: id,
      start: from * ms,
      stop: to * ms,
      startInfo: { db: { system: 'postgresql', statement } },
    },
  ];
}

function get(id: string, from: number, to: number, path: string, more: Partial<PointMade> = {}): PointMade {
  return {
    name: 'http',
    id,
    parent: 'in',
    start: from * ms,
    stop: to * ms,
    startInfo: { requests: { method: 'GET', scheme: 'http', hostname: 'stock', port: 4000, path } },
    stopInfo: { requests: { status_code: 200 } },
    ...more,
  };
}

const times = <Made>(many: number, make: (i: number) => Made): Made[] =>
  Array.from({ length: many }, (_, i) => make(i));

test('N+1 queries in a row, whatever lies between them', () => {
  const [finding, ...others] = findingsIn([
    request(400),
    ...times(24, (i) =>
      query(`q${i}`, 10 + i * 15, 22 + i * 15, `select * from reviews where item_id = $1`),
    ).flat(),
    ...times(23, (i): PointMade => ({
      name: 'render',
      id: `r${i}`,
      parent: 'in',
      start: (22 + i * 15) * ms,
      stop: (24 + i * 15) * ms,
    })),
  ]);
  assert.equal(
    finding?.sentence,
    '24 × select * from reviews where item_id = ?, one after the other: 288 ms, 72 %.',
  );
  assert.equal(finding.explains, 288 * ms);
  assert.equal(finding.wins, 276 * ms);
  assert.equal(finding.points.length, 24);
  assert.match(finding.advice ?? '', /^Ask for all of them at once: .* about 276 ms sooner\.$/);
  assert.deepEqual(others, []);
});

test('N+1 queries through layers of the application’s own, and with literals in the text', () => {
  const points = [
    request(400),
    ...times(10, (i): PointMade[] => [
      { name: 'repository', id: `own${i}`, parent: 'in', start: i * 30 * ms, stop: (i * 30 + 29) * ms },
      ...query(`q${i}`, i * 30 + 1, i * 30 + 28, `select * from "Review" where "itemId" = ${i}`, {
        parent: `own${i}`,
      }),
    ]).flat(),
  ];
  assert.equal(kindsIn(points)[0], 'repeats');
});

test('N+1 queries at once, which wait for the pool', () => {
  const [finding] = findingsIn([
    request(330),
    ...times(40, (i) => {
      const round = Math.floor(i / 10);
      const [db, sql] = query(`q${i}`, 5, 5 + (round + 1) * 80, 'select * from reviews where item_id = $1', {
        stopInfo: { db: { rows: 1, wait_pool_ms: round * 80 } },
      });
      return [db!, { ...sql!, start: (5 + round * 80) * ms }];
    }).flat(),
  ]);
  assert.match(finding?.sentence ?? '', /^40 × select .*, all at once: 320 ms, 97 %\.$/);
  assert.equal(finding?.wins, 240 * ms);
});

test('calls at once that wait for the only connection of a pool are about the pool', () => {
  const kinds = kindsIn([
    request(330),
    ...times(8, (i) => {
      const [db, sql] = query(`q${i}`, 5, 5 + (i + 1) * 40, `select * from table_${i}`.replace(/\d/, 'x'), {
        stopInfo: { db: { rows: 1, wait_pool_ms: i * 40 } },
      });
      return [db!, { ...sql!, start: (5 + i * 40) * ms }];
    }).flat(),
  ]);
  assert.deepEqual(kinds, ['pool-wait']);
});

test('equal queries at once on one connection are about the connection, also if their statements are unseen', () => {
  const points = [
    request(490),
    ...times(12, (i): PointMade => ({
      name: 'db',
      id: `q${i}`,
      parent: 'in',
      start: 5 * ms,
      stop: (5 + (i + 1) * 40) * ms,
      startInfo: { db: { system: 'postgresql', operation: 'query', fingerprint: 'a', verb: 'SELECT' } },
      stopInfo: { db: { rows: 1, wait_turn_ms: i * 40 } },
    })),
  ];
  const [finding, ...others] = findingsIn(points);
  assert.equal(finding?.kind, 'turn-wait');
  // Without their waits all of them would end with the first.
  assert.equal(finding.wins, 440 * ms);
  assert.deepEqual(others, []);
});

test('the same query with the same parameters', () => {
  const points = [
    request(100),
    ...times(6, (i) => query(`q${i}`, i * 15, i * 15 + 12, 'select * from settings where name = $1')).flat(),
  ].map((point) =>
    point.name === 'sql'
      ? { ...point, startInfo: { db: { ...(point.startInfo!['db'] as Info), params: ['theme'] } } }
      : point,
  );
  assert.match(findingsIn(points)[0]?.sentence ?? '', /, the same query each time: 72\.0 ms, 72 %\.$/);
});

test('values that are masked, or not recorded, may differ', () => {
  const row = (statement: string, params: readonly string[] | undefined): string | undefined =>
    findingsIn([
      request(100),
      ...times(6, (i) => query(`q${i}`, i * 15, i * 15 + 12, statement))
        .flat()
        .map((point) =>
          point.name === 'sql' && params !== undefined
            ? { ...point, startInfo: { db: { ...(point.startInfo!['db'] as Info), params } } }
            : point,
        ),
    ])[0]?.sentence;
  assert.match(row('select now()', undefined) ?? '', /the same query each time/);
  assert.match(row('select * from a where id = $1 and b = $1', ['1']) ?? '', /the same query each time/);
  assert.doesNotMatch(row('select * from a where id = $1', undefined) ?? '', /the same/);
  assert.doesNotMatch(row('select * from a where id = $1 and b = ?', ['1']) ?? '', /the same/);
});

test('what repeats and is no N+1: pages, cursors, transactions, migrations, messages, a good fan-out', () => {
  const row = (statement: string): string[] =>
    kindsIn([request(400), ...times(12, (i) => query(`q${i}`, i * 30, i * 30 + 28, statement)).flat()]);
  assert.deepEqual(row('select * from items where id > $1 order by id limit $2'), []);
  assert.deepEqual(row('select * from items order by id limit $1 offset $2'), []);
  assert.deepEqual(row('fetch 100 from reader'), []);
  assert.deepEqual(row('BEGIN'), []);
  const migration = times(6, (i) => [
    ...query(`c${i}`, i * 60, i * 60 + 29, `create table t${i} (id int)`),
    ...query(`i${i}`, i * 60 + 30, i * 60 + 59, `insert into migrations (name) values ($1)`),
  ]).flat();
  assert.deepEqual(kindsIn([request(400), ...migration]), []);
  assert.deepEqual(kindsIn([request(100), ...times(8, (i) => get(`g${i}`, 5, 80 + i, `/items/${i}`))]), []);
  const messages = times(20, (i): PointMade => ({
    name: 'rpc',
    id: `m${i}`,
    parent: 'in',
    start: i * 5 * ms,
    stop: (i * 5 + 4) * ms,
    startInfo: { rpc: { kind: 'producer', system: 'rabbitmq', destination: 'jobs' } },
  }));
  assert.deepEqual(kindsIn([request(101), ...messages]), []);
});

test('what repeats and is no N+1, by the verbs of statements that are not recorded', () => {
  const row = (facts: Info): string[] =>
    kindsIn([
      request(361),
      ...times(12, (i): PointMade => ({
        name: 'db',
        id: `q${i}`,
        parent: 'in',
        start: i * 30 * ms,
        stop: (i * 30 + 29) * ms,
        startInfo: { db: { system: 'postgresql', operation: 'query', fingerprint: 'a', ...facts } },
      })),
    ]);
  assert.deepEqual(row({ verb: 'SELECT' }), ['repeats']);
  assert.deepEqual(row({ verb: 'SELECT', paged: true }), []);
  for (const verb of ['FETCH', 'BEGIN', 'START', 'CREATE']) assert.deepEqual(row({ verb }), [], verb);
});

test('four runs of a prepared statement, and twelve quick different queries, are nothing', () => {
  assert.deepEqual(
    kindsIn([
      request(100),
      ...times(4, (i) => query(`q${i}`, i * 24, i * 24 + 20, 'insert into a values ($1)')).flat(),
    ]),
    [],
  );
  const quick = times(12, (i) =>
    query(`q${i}`, i * 2, i * 2 + 1, `select ${'abcdefghijkl'[i]} from t`),
  ).flat();
  const { findings, otherwise } = findingsOf(treeOf([request(26), ...quick]));
  assert.deepEqual(findings, []);
  assert.match(otherwise, /^14\.0 ms, 54 % is GET \/orders\/42$/);
});

test('reads that did not overlap', () => {
  const [finding] = findingsIn([
    request(320),
    get('a', 5, 105, '/stock'),
    get('b', 105, 205, '/prices'),
    get('c', 206, 306, '/reviews'),
  ]);
  assert.equal(finding?.kind, 'sequential');
  assert.equal(finding.sentence, '3 calls of stock:4000 did not overlap: 300 ms, 94 %.');
  assert.equal(finding.wins, 200 * ms);
});

test('quick calls, and those that came with a value of an answer, have to be in a row', () => {
  const page = times(12, (i) =>
    query(`q${i}`, i * 26, i * 26 + 25, `select ${'abcdefghijkl'[i]} from t`),
  ).flat();
  assert.deepEqual(kindsIn([request(320), ...page]), []);
  const chain = (second: readonly unknown[]): string | undefined =>
    kindsIn(
      [
        request(330),
        ...query('a', 0, 100, 'select * from orders where id = $1'),
        ...query('b', 101, 201, 'select * from customers where id = $1'),
        ...query('c', 202, 302, 'select * from items where order_id = $1'),
      ].map((point, _i, all) => {
        const params = { a: ['42'], b: second, c: ['7'] }[point.id.replace('-sql', '')];
        const isSql = point.name === 'sql' && all.length > 0;
        return isSql
          ? { ...point, startInfo: { db: { ...(point.startInfo!['db'] as Info), params } } }
          : point;
      }),
    )[0];
  // 42 is in the request's path; nobody has named 17 and 7 before.
  assert.equal(chain(['42']), 'sequential');
  assert.equal(chain(['17']), 'slow-statement');
});

test('calls of about the same length are slow as a row, one that is longer by itself', () => {
  const row = (first: number): string[] =>
    kindsIn([request(first + 210), get('a', 5, first, '/a'), get('b', first, first + 200, '/b')]);
  assert.deepEqual(row(205), ['sequential', 'slow-call', 'slow-call']);
  assert.deepEqual(row(900), ['slow-call', 'sequential']);
});

test('commands of Redis at once are a pipeline, in a row they are too many', () => {
  const commands = (length: number, from: (i: number) => number): string[] =>
    kindsIn([
      request(length),
      ...times(30, (i): PointMade => ({
        name: 'db',
        id: `r${i}`,
        parent: 'in',
        start: from(i) * ms,
        stop: (from(i) + 6) * ms,
        startInfo: { db: { system: 'redis', operation: 'GET' } },
      })),
    ]);
  assert.deepEqual(
    commands(12, () => 5),
    [],
  );
  assert.deepEqual(
    commands(181, (i) => i * 6),
    ['repeats'],
  );
});

test('a cursor is open for as long as it is read: neither slow nor large', () => {
  const [db, sql] = query('q', 5, 305, 'select * from big', { stopInfo: { db: { rows: 80_000 } } });
  const cursor = { ...db!, startInfo: { db: { ...(db!.startInfo!['db'] as Info), operation: 'cursor' } } };
  assert.deepEqual(kindsIn([request(320), cursor, sql!]), []);
});

test('writes, and the statements of a transaction, have to be in a row', () => {
  const post = (id: string, from: number): PointMade =>
    get(id, from, from + 90, '/pay', {
      startInfo: { requests: { method: 'POST', hostname: 'bank', path: '/pay' } },
    });
  assert.deepEqual(kindsIn([request(200), post('a', 5), post('b', 96)]), []);
  const inOne = [
    ...query('begin', 0, 1, 'BEGIN'),
    ...query('a', 1, 60, 'select balance from accounts where id = $1'),
    ...query('b', 60, 120, 'select limits from customers where id = $1'),
    ...query('commit', 121, 122, 'COMMIT'),
  ];
  assert.deepEqual(kindsIn([request(125), ...inOne]), []);
});

const waiting: Readonly<Record<string, readonly [string, Info, RegExp]>> = {
  pool: [
    'pool-wait',
    { db: { rows: 1, wait_pool_ms: 80 } },
    /^select .* waited for a connection of the pool to postgresql at db:5432: 80\.0 ms, 73 %\.$/,
  ],
  connecting: [
    'connect-wait',
    { db: { rows: 1, wait_connect_ms: 80 } },
    /^Connecting to postgresql at db:5432 took 80\.0 ms, 73 %\.$/,
  ],
  turn: ['turn-wait', { db: { rows: 1, wait_turn_ms: 80 } }, /waited for their turn on one connection/],
};

for (const [name, [kind, stopInfo, sentence]] of Object.entries(waiting)) {
  test(`a wait: ${name}`, () => {
    const [finding] = findingsIn([request(110), ...query('q', 5, 100, 'select * from items', { stopInfo })]);
    assert.equal(finding?.kind, kind);
    assert.match(finding.sentence, sentence);
    assert.equal(finding.explains, 80 * ms);
  });
}

test('the waits of an outgoing request: its socket, DNS, TCP and TLS', () => {
  const wait = (waits: Info): Finding | undefined =>
    findingsIn([
      request(110),
      get('a', 5, 105, '/rates', { stopInfo: { requests: { status_code: 200, ...waits } } }),
    ])[0];
  assert.equal(
    wait({ wait_dns_ms: 14, wait_connect_ms: 8, wait_tls_ms: 60 })?.sentence,
    'Connecting to stock:4000 took 82.0 ms, 75 %: DNS 14.0 ms, TCP 8.00 ms, TLS 60.0 ms.',
  );
  assert.equal(wait({ wait_socket_ms: 70 })?.kind, 'socket-wait');
});

/** The state of an event loop at an event: how long it has waited so far, and its turn. */
const loop = (idle_ms: number, turn: number): Info => ({ loop: { id: '1.0', idle_ms, turn } });

test('the request’s own synchronous code', () => {
  const [db, sql] = query('a', 10, 20, 'select * from items');
  const [finding, ...others] = findingsIn([
    request(340, {
      startInfo: { request: { method: 'GET', path: '/invoice' }, ...loop(0, 7) },
      stopInfo: { response: { status_code: 200 }, ...loop(12, 9) },
    }),
    { ...db!, startInfo: { ...db!.startInfo, ...loop(0, 7) }, stopInfo: loop(9, 8) },
    sql!,
    get('b', 320, 330, '/stock', {
      startInfo: { requests: { method: 'GET', hostname: 'stock', path: '/stock' }, ...loop(9, 8) },
      stopInfo: { requests: { status_code: 200 }, ...loop(12, 9) },
    }),
  ]);
  assert.equal(finding?.kind, 'blocked');
  assert.equal(
    finding.sentence,
    'The event loop was blocked for 300 ms, 88 %: this request’s own code ran without a break in GET /invoice, between select * from items and GET stock/stock.',
  );
  assert.deepEqual(others, []);
});

test('a loop that was blocked while a call waited for its answer', () => {
  const [db, sql] = query('a', 10, 320, 'select * from items');
  const points = [
    request(330, { startInfo: loop(0, 7), stopInfo: { response: { status_code: 200 }, ...loop(8, 12) } }),
    { ...db!, startInfo: { ...db!.startInfo, ...loop(0, 7) }, stopInfo: loop(8, 10) },
    { ...sql!, startInfo: { ...sql!.startInfo, ...loop(0, 7) }, stopInfo: loop(8, 10) },
  ];
  const [finding] = findingsIn(points);
  assert.match(
    finding?.sentence ?? '',
    /^The event loop was blocked for 302 ms, 92 % while select \* from items was waiting for its answer\.$/,
  );
});

test('a loop that was blocked by the handler of another request, which is named', () => {
  const blocked = (id: string, from: number, to: number, path: string): PointMade => ({
    name: 'blocked',
    id,
    parent: 'in',
    start: from * ms,
    stop: to * ms,
    startInfo: { blocked: { method: 'GET', path } },
  });
  const [db] = query('a', 10, 320, 'select * from items');
  const points = [
    request(330, { startInfo: loop(0, 7), stopInfo: { response: { status_code: 200 }, ...loop(8, 12) } }),
    { ...db!, startInfo: { ...db!.startInfo, ...loop(0, 7) }, stopInfo: loop(8, 10) },
  ];
  const by = (...notes: readonly PointMade[]): string =>
    findingsIn([...points, ...notes]).find(({ kind }) => kind === 'blocked')?.sentence ?? '';
  assert.match(
    by(blocked('b', 12, 30, '/small'), blocked('c', 30, 310, '/report')),
    / 92 % while .* was waiting for its answer: another request, GET \/report, ran for 280 ms without a break\.$/,
  );
  assert.match(by(blocked('b', 12, 30, '/small')), /was waiting for its answer\.$/, 'a small part of it');
});

test('a request that waited for the handler of another one, which is named', () => {
  const waited = (blockedMs: number): string => {
    const startInfo: Info = {
      request: { method: 'GET', path: '/orders' },
      blocked: { method: 'GET', path: '/report', ms: blockedMs },
      loop: { id: '1.0', idle_ms: 0, turn: 1, busy_before_ms: 300 },
    };
    return findingsIn([request(100, { startInfo })]).find(({ kind }) => kind === 'blocked')?.sentence ?? '';
  };
  assert.match(
    waited(280),
    /waited up to 300 ms before its handler began: .* without a pause; another request, GET \/report, ran for 280 ms of that time\.$/,
  );
  assert.match(waited(20), /without a pause\.$/, 'a small part of it');
});

test('what a request waited for at most comes behind what is known of it', () => {
  const busy = { id: '1.0', idle_ms: 0, turn: 1, busy_before_ms: 3000 };
  const [db, sql] = query('a', 2, 20, 'select * from orders');
  const points = [
    request(1500, {
      startInfo: { request: { method: 'GET', path: '/templates' }, loop: busy },
      stopInfo: { response: { status_code: 200 }, ...loop(15, 2) },
    }),
    { ...db!, startInfo: { ...db!.startInfo, ...loop(0, 1) }, stopInfo: loop(15, 2) },
    sql!,
  ];
  const sentences = findingsIn(points).map(({ sentence }) => sentence);
  assert.match(sentences[0]!, /own code ran without a break/);
  assert.match(sentences[1]!, /waited up to 3\.00 s/);
});

test('a loop that was waiting is a gap, which is no blame', () => {
  const [finding, ...others] = findingsIn([
    request(400, { startInfo: loop(0, 1), stopInfo: { response: { status_code: 200 }, ...loop(380, 9) } }),
    {
      name: 'own',
      id: 'own',
      parent: 'in',
      start: 0,
      stop: 10 * ms,
      startInfo: loop(0, 1),
      stopInfo: loop(0, 1),
    },
  ]);
  assert.equal(finding?.kind, 'gap');
  assert.match(
    finding.sentence,
    /^Nothing is recorded for 390 ms, 98 %, in HTTP in, after own; the event loop was waiting\.$/,
  );
  assert.equal(finding.wins, undefined);
  assert.deepEqual(others, []);
});

test('a gap of a process with libraries that the agent does not see names them', () => {
  const gapWith = (unseen: unknown): string => {
    const stopInfo: Info = { process: { unseen }, ...loop(380, 9) };
    const own = { name: 'own', id: 'own', parent: 'in', start: 0, stop: 10 * ms };
    const [finding] = findingsIn([
      request(400, { startInfo: loop(0, 1), stopInfo }),
      { ...own, startInfo: loop(0, 1), stopInfo: loop(0, 1) },
    ]);
    return finding?.sentence ?? '';
  };
  assert.match(gapWith(['ioredis 3.2.2']), /was waiting; its ioredis 3\.2\.2 is not seen by the agent\.$/);
  assert.match(
    gapWith(['a 1', 'b 2', 'c', 'd 3', 'e 4']),
    /; its a 1, b 2, c and 2 more are not seen by the agent\.$/,
  );
  for (const none of [[], 'ioredis', [7], undefined]) assert.match(gapWith(none), /was waiting\.$/);
});

test('garbage collection', () => {
  const gc = (id: string, from: number, to: number): PointMade => ({
    name: 'gc',
    id,
    parent: 'in',
    start: from * ms,
    stop: to * ms,
    startInfo: { gc: { kind: 'major' } },
  });
  const [finding] = findingsIn([request(200), gc('a', 20, 60), gc('b', 80, 130)]);
  assert.equal(finding?.kind, 'garbage-collection');
  assert.match(finding.sentence, /^Garbage collection took 90\.0 ms, 45 %, in 2 collections\.$/);
});

test('short garbage collections that are one point take the time that it says, and not all of its length', () => {
  const gc: PointMade = {
    name: 'gc',
    id: 'gc',
    parent: 'in',
    start: 20 * ms,
    stop: 120 * ms,
    startInfo: { gc: { kind: 'minor', collections: 100, ms: 60 } },
  };
  const [finding] = findingsIn([request(200), gc]);
  assert.match(finding!.sentence, /^Garbage collection took 60\.0 ms, 30 %, in 100 collections\.$/);
});

test('garbage collections of which most are only counted', () => {
  const [finding, ...others] = findingsIn([
    request(500, { startInfo: loop(0, 1), stopInfo: loop(2, 9) }),
    {
      name: 'gc',
      id: 'gc',
      parent: 'in',
      start: 100 * ms,
      stop: 110 * ms,
      startInfo: { gc: { kind: 'minor' } },
    },
    {
      name: 'left_out',
      id: 'note',
      parent: 'in',
      start: 499 * ms,
      startInfo: { left_out: { gc: 40, gc_ms: 290 } },
    },
  ]).filter(({ kind }) => kind !== 'left-out');
  assert.match(
    finding?.sentence ?? '',
    /^Garbage collection took 300 ms, 60 %, in 41 collections, most of it in HTTP in\.$/,
  );
  assert.deepEqual(others, []);
});

test('a loop that was busy while its process did not compute', () => {
  const inRequest = (cpu_ms: number): readonly Finding[] => {
    const at = (idle_ms: number, turn: number, cpu: number): Info => ({
      loop: { id: '1.0', idle_ms, turn, cpu_ms: cpu },
    });
    const [db, sql] = query('a', 10, 20, 'select * from items');
    return findingsIn([
      request(340, { startInfo: at(0, 7, 50), stopInfo: at(9, 9, 50 + cpu_ms) }),
      { ...db!, startInfo: { ...db!.startInfo, ...loop(0, 7) }, stopInfo: loop(9, 8) },
      sql!,
    ]);
  };
  const [starved, ...others] = inRequest(40);
  assert.equal(starved?.kind, 'starved');
  assert.match(
    starved.sentence,
    /^The process of HTTP in had work for 3\d\d ms, but used the CPU for 40\.0 ms of it: it was off the CPU for 2\d\d ms, \d\d %\.$/,
  );
  assert.deepEqual(others, []);
  assert.deepEqual(
    [60, 320].map((cpu_ms) => inRequest(cpu_ms)[0]?.kind),
    ['blocked', 'blocked'],
  );
});

test('a request that waited for the loop before its handler began', () => {
  const [finding] = findingsIn([
    request(20, {
      startInfo: {
        request: { method: 'GET', path: '/victim' },
        loop: {
          id: '1.0',
          idle_ms: 5,
          turn: 3,
          busy_before_ms: 280,
        },
      },
    }),
  ]);
  assert.equal(
    finding?.sentence,
    'GET /victim waited up to 280 ms before its handler began: the event loop had been busy without a pause.',
  );
});

test('calls that failed and were made again', () => {
  const failed = { requests: { status_code: 503 } };
  const [finding, ...others] = findingsIn([
    request(700),
    get('a', 0, 20, '/stock/7', { stopInfo: failed }),
    get('b', 120, 140, '/stock/7', { stopInfo: failed }),
    get('c', 340, 360, '/stock/7', { stopInfo: failed }),
    get('d', 660, 680, '/stock/7'),
  ]);
  assert.equal(finding?.kind, 'retries');
  assert.equal(
    finding.sentence,
    'GET stock:4000/stock/{id} failed 3 times (status 503) and was tried again: 660 ms, 94 %, of them 600 ms between the tries.',
  );
  assert.deepEqual(others, []);
});

test('an error of the request comes first, one that was handled last', () => {
  const failing = (root: Partial<PointMade>): string[] =>
    kindsIn([
      request(500, root),
      ...query('bad', 1, 2, 'select * from missing', {
        stopInfo: { etype: '42P01', message: 'relation does not exist' },
      }),
      ...times(10, (i) =>
        query(`q${i}`, 10 + i * 40, 45 + i * 40, 'select 2 from items where id = $1'),
      ).flat(),
    ]);
  assert.deepEqual(failing({ stopInfo: { response: { status_code: 500 } } }), ['error', 'repeats']);
  assert.deepEqual(failing({}), ['repeats', 'error']);
});

test('timeouts and callers that gave up', () => {
  const [timeout] = findingsIn([
    request(320),
    get('a', 5, 305, '/rates', {
      stopInfo: { etype: 'TimeoutError', message: 'The operation was aborted due to timeout' },
    }),
  ]);
  assert.equal(timeout?.kind, 'timeout');
  const [aborted] = findingsIn([
    request(320, { stopInfo: { etype: 'Aborted', message: 'aborted' } }),
    ...query('q', 1, 319, 'select pg_sleep($1)'),
  ]);
  assert.equal(aborted?.kind, 'aborted');
});

test('a crash in the middle: the last thing that began', () => {
  const { stop: _, stopInfo: __, ...open } = request(0);
  const [finding] = findingsIn([
    open,
    ...query('q', 5, 10, 'select * from items'),
    { ...get('a', 20, 0, '/relay'), stop: undefined } as unknown as PointMade,
  ]);
  assert.equal(finding?.kind, 'unfinished');
  assert.match(
    finding.sentence,
    /^GET \/orders\/42 has no end, .*; the last that it began: GET stock:4000\/relay\.$/,
  );
});

test('a consumer that has crashed comes after what the request itself took its time for', () => {
  const rpc = (id: string, parent: string, kind: string): PointMade => ({
    name: 'rpc',
    id,
    parent,
    start: 90 * ms,
    startInfo: { rpc: { system: 'amqp', kind, name: 'orders' } },
  });
  const kinds = kindsIn([
    request(320),
    ...query('q', 100, 310, 'select * from big'),
    { ...rpc('p', 'in', 'producer'), stop: 91 * ms },
    rpc('c', 'p', 'consumer'),
    { ...get('a', 95, 0, '/send', { parent: 'c' }), stop: undefined } as unknown as PointMade,
  ]);
  assert.deepEqual([kinds[0], kinds.at(-1)], ['slow-statement', 'unfinished']);
});

test('a thread that its request leaves behind is no crash; one with work that has no end is', () => {
  const started = (id: string, parent: string, name: string): PointMade => ({
    name,
    id,
    parent,
    start: 5 * ms,
    startInfo: {},
  });
  const pool = [started('t', 'in', 'thread'), started('m', 't', 'thread_main')];
  assert.ok(!kindsIn([request(100), ...pool]).includes('unfinished'));
  const hanging = { ...get('a', 20, 0, '/relay', { parent: 'm' }), stop: undefined } as unknown as PointMade;
  assert.equal(kindsIn([request(100), ...pool, hanging])[0], 'unfinished');
  const { stop: _, stopInfo: __, ...open } = request(0);
  assert.equal(kindsIn([open, ...pool])[0], 'unfinished');
});

test('one slow statement, one slow call without the other side, one command, a large result', () => {
  assert.match(
    findingsIn([request(320), ...query('q', 5, 305, 'select * from big order by random()')])[0]?.sentence ??
      '',
    /^One statement took 300 ms, 94 %: select \* from big order by random\(\)\.$/,
  );
  assert.match(
    findingsIn([request(320), get('a', 5, 305, '/slow')])[0]?.sentence ?? '',
    /^One call took 300 ms, 94 %: GET stock:4000\/slow; the called service is not in the trace\.$/,
  );
  const command: PointMade = {
    name: 'command',
    id: 'c',
    parent: 'in',
    start: 5 * ms,
    stop: 305 * ms,
    startInfo: { command: { file: '/usr/bin/convert' } },
    stopInfo: { command: { exit_code: 0 } },
  };
  assert.equal(kindsIn([request(320), command])[0], 'slow-command');
  const [large, ...others] = findingsIn([
    request(320),
    ...query('q', 5, 305, 'select * from big', { stopInfo: { db: { rows: 80_000 } } }),
  ]);
  assert.match(large?.sentence ?? '', /^select \* from big gave 80000 rows: 300 ms, 94 %\.$/);
  assert.deepEqual(others, []);
});

test('a service two calls away', () => {
  const service = (id: string, parent: string, from: number, to: number, name: string): PointMade[] => [
    get(`${id}-out`, from, to, `/${name}`, { parent }),
    request(0, {
      id,
      parent: `${id}-out`,
      start: (from + 1) * ms,
      stop: (to - 1) * ms,
      service: name,
      startInfo: { request: { method: 'GET', path: `/${name}` } },
    }),
  ];
  const [finding] = findingsIn([
    request(400),
    ...service('stock', 'in', 5, 390, 'stock'),
    ...service('shelf', 'stock', 10, 380, 'shelf'),
  ]);
  assert.equal(finding?.kind, 'slow-service');
  assert.match(
    finding.sentence,
    /^shelf, 2 calls away, took 368 ms, 92 % for GET \/shelf itself; what it did in that time is not recorded\.$/,
  );
});

test('a wrong clock comes first if the tree is far from true, and last otherwise', () => {
  const ahead = (micros: number): string[] =>
    kindsIn([
      request(320, { host: 'first' }),
      get('out', 5, 315, '/items', { host: 'first' }),
      request(0, {
        id: 'callee',
        parent: 'out',
        start: 10 * ms + micros,
        stop: 310 * ms + micros,
        host: 'second',
        service: 'stock',
      }),
    ]);
  assert.deepEqual(ahead(3000 * ms), ['skew', 'slow-service']);
  assert.deepEqual(ahead(100 * ms), ['slow-service', 'skew']);
  assert.deepEqual(ahead(0), ['slow-service']);
});

test('a worker thread whose start is the cost', () => {
  const started = (stop?: number): PointMade[] => [
    request(120),
    {
      name: 'thread',
      id: 't',
      parent: 'in',
      start: 5 * ms,
      ...(stop !== undefined && { stop: 110 * ms, stopInfo: { thread: { exit_code: 0 } } }),
      startInfo: { thread: { file: '/srv/shop/hash.js' } },
    },
    {
      name: 'thread_main',
      id: 'm',
      parent: 't',
      start: 85 * ms,
      ...(stop !== undefined && { stop }),
      startInfo: { thread: { thread_id: 1 } },
    },
  ];
  const says = (points: readonly PointMade[]): string =>
    findingsIn(points).find(({ kind }) => kind === 'worker-start')?.sentence ?? 'nothing';
  const start = 'Starting the worker thread shop/hash.js took 80.0 ms, 67 %';
  assert.equal(findingsIn(started(100 * ms))[0]?.kind, 'worker-start');
  assert.equal(says(started(100 * ms)), `${start}; it then ran for 15.0 ms.`);
  assert.equal(says(started()), `${start}; when it ended is not recorded.`);
});

test('a worker thread that ended after the response, and one whose process ended before it', () => {
  const thread: PointMade[] = [
    {
      name: 'thread',
      id: 't',
      parent: 'in',
      start: 5 * ms,
      startInfo: { thread: { file: '/srv/shop/hash.js' } },
    },
    {
      name: 'thread_main',
      id: 'm',
      parent: 't',
      start: 15 * ms,
      stop: 125 * ms,
      startInfo: { thread: { thread_id: 1 } },
    },
  ];
  const [finding, ...others] = findingsIn([request(120), ...thread]);
  assert.equal(finding?.kind, 'gap');
  assert.match(
    finding.sentence,
    /^thread shop\/hash\.js was running for 105 ms, 88 % before the end of GET .*, which may have waited for its answer\.$/,
  );
  assert.deepEqual(others, []);
});

test('the terminal shows the first findings, and says what there is without any', () => {
  const shown = (points: readonly PointMade[], most: number, width = 70): string =>
    [...renderFindings(findingsOf(treeOf(points)), { width, colour: false }, most)].join('');
  const points = [
    request(400),
    ...times(24, (i) =>
      query(`q${i}`, 10 + i * 15, 22 + i * 15, 'select * from reviews where item_id = $1'),
    ).flat(),
  ];
  assert.equal(
    shown(points, 3),
    `1. 24 × select * from reviews where item_id = ?, one after the other:
   288 ms, 72 %.
   Ask for all of them at once: one query with a list or a join, MGET
   or a pipeline. The request would end about 276 ms sooner.
`,
  );
  assert.match(shown(points, 0), /^ {3}1 more finding: --findings shows all\.\n$/);
  assert.equal(shown([request(10)], 3), 'Nothing stands out: 10.0 ms, 100 % is GET /orders/42.\n');
});

test('hostile text reaches the terminal as text', () => {
  const evil = '\u001b[31mselect\u0007 \u202e * from x';
  const points = [request(400), ...times(9, (i) => query(`q${i}`, i * 40, i * 40 + 39, evil)).flat()];
  const text = [...renderFindings(findingsOf(treeOf(points)), { width: undefined, colour: false }, 3)].join(
    '',
  );
  assert.match(text, /^[\n\P{C}]*$/u);
});

test('--json: times in milliseconds, the ids of the proof, and the critical path', () => {
  const { findings, critical_path } = reportedFindings(
    findingsOf(treeOf([request(320), get('a', 5, 305, '/slow')])),
  );
  assert.deepEqual(findings[0], {
    kind: 'slow-call',
    sentence: 'One call took 300 ms, 94 %: GET stock:4000/slow; the called service is not in the trace.',
    explains_ms: 300,
    share: 0.938,
    wins_ms: 300,
    points: ['a'],
    advice: 'Trace the service that it calls too, with the same key and store.',
  });
  assert.deepEqual(critical_path, [
    { trace_id: 'in', from_ms: 0, to_ms: 5, what: 'gap' },
    { trace_id: 'a', from_ms: 5, to_ms: 305, what: 'self' },
    { trace_id: 'in', from_ms: 305, to_ms: 320, what: 'gap' },
  ]);
});
