// `ostrace trace diff`, `trace stats` and `request --repeat N --stats`, as a user runs them.
// needs: time
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import type { Stats } from '../src/report/stats.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { verify } from '../src/trace/signing.js';
import { type End, isProblem, main, ostrace, save, store } from './fixtures/command.js';
import { scratch } from './scenario.js';
import { open } from './fixtures/drivers.js';
import { type PointMade, eventsOf } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';

/** A request that queries so many times, each for so long. */
function order(trace: string, start: number, queries: number, took: number, path = '/orders/42'): Event[] {
  const make = (point: PointMade): Event[] => eventsOf({ ...point, trace });
  const stop = start + queries * took + 3000;
  return [
    ...make({
      name: 'wsgi',
      id: 'in',
      start,
      stop,
      startInfo: { request: { method: 'GET', path } },
      stopInfo: { response: { status_code: took > 9000 ? 503 : 200 } },
    }),
    ...Array.from({ length: queries }, (_, i) =>
      make({
        name: 'db',
        id: `db${i}`,
        parent: 'in',
        start: start + 1000 + i * took,
        stop: start + 1000 + (i + 1) * took,
        startInfo: { db: { system: 'mysql', statement: `select * from reviews where id = ${i}` } },
        stopInfo: {},
      }),
    ).flat(),
  ];
}

const statement = 'mysql select * from reviews where id = ?';

// ---- diff

test('trace diff says in a sentence what makes B slower, by whatever names the two', async (context) => {
  const [a, b] = ['aaaa0000-33b3-4f84-b4f1-f5a4311ddfa4', 'bbbb0000-33b3-4f84-b4f1-f5a4311ddfa4'];
  const { connection } = store(context, [...order(a, 1e6, 10, 8000), ...order(b, 2e6, 47, 8000)]);
  const compare = (...args: string[]): Promise<End> =>
    ostrace(['trace', 'diff', '--connection-string', connection, ...args]);
  const sentence = `B took 379 ms, 4.6 × A (83.0 ms): 37 more × ${statement} (+296 ms)`;
  for (const [one, other] of [
    [a, b],
    ['aaaa', 'last'],
  ] as const) {
    const { code, stdout, stderr } = await compare(one, other);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout.split('\n', 1)[0], sentence);
    assert.match(stdout, /^ +\+296 ms +80\.0 ms +376 ms +10 → 47 .* more +shop +mysql select \* from/m);
  }
  const { code, stdout } = await compare(a, b, '--json');
  const json = JSON.parse(stdout) as {
    sentence: string;
    difference: number;
    groups: { difference: number }[];
  };
  assert.deepEqual(
    [code, json.sentence, json.difference, json.groups.map(({ difference }) => difference)],
    [0, sentence, 296_000, [296_000, 0]],
  );
  const back = await compare(b, a);
  assert.match(back.stdout, /^B took 83\.0 ms, 0\.22 × A \(379 ms\): 37 fewer × /);

  const saved = join(scratch(context), 'a.json');
  writeFileSync(
    saved,
    (await ostrace(['trace', 'show', a, '--json', '--connection-string', connection])).stdout,
  );
  assert.equal((await compare('--file', saved, b)).stdout.split('\n', 1)[0], sentence);
  const both = await ostrace([
    'trace',
    'diff',
    '--file',
    saved,
    '--file',
    saved,
    '--connection-string',
    'x:',
  ]);
  assert.equal(both.code, 0, 'two saved traces need no store');
  assert.match(both.stdout, /^B took 83\.0 ms, as long as A/);

  const two = 'expected two traces, by their ids or by --file, got';
  isProblem(await compare(a), new RegExp(`${two} 1; see ostrace trace diff --help$`, 'm'));
  isProblem(await compare(a, b, b), new RegExp(`${two} 3`));
  isProblem(await compare(a, b, '--file', saved), new RegExp(`${two} 3`));
  isProblem(await compare('--file', '-', '--file', '-'), /stdin holds one trace; give - once/);
  isProblem(await compare('--file', '', a), /--file is ""; expected the name of a file, or - for stdin/);
  isProblem(await compare(a, 'xyz'), /"xyz" is not a trace id; expected a UUID/);
  isProblem(await compare(a, newId()), /there is no trace .* in file:/);
  isProblem(await compare(a, b, '--top', 'x'), /--top is "x"; expected a whole number, 0 for all/);
});

// ---- stats

test('trace stats adds the traces up that match, and says which it did not read', async (context) => {
  const { connection } = store(
    context,
    [
      ...[1000, 2000, 3000, 4000].map((took, i) => order(newId(), (i + 1) * 1e6, 2, took)),
      order(newId(), 9e6, 1, 10_000, '/carts'),
    ].flat(),
  );
  const stats = (...args: string[]): Promise<End> =>
    ostrace(['trace', 'stats', '--connection-string', connection, ...args]);
  const read = async (...args: string[]): Promise<unknown[]> => {
    const { stdout, stderr } = await stats('--json', ...args);
    const { traces, routes, calls } = JSON.parse(stdout) as Stats;
    return [traces, routes.groups.length, calls.groups[0]?.count, stderr];
  };
  const text = await stats();
  assert.deepEqual([text.code, text.stderr], [0, '']);
  const [head, blank, title, , route] = text.stdout.split('\n');
  assert.deepEqual([head, blank, title], ['5 traces · 14 points', '', 'BY ROUTE']);
  assert.match(
    route!,
    /^32\.0 ms +4 +7\.00 ms +11\.0 ms +11\.0 ms +11\.0 ms +11\.0 ms +shop +GET \/orders\/\{id\}$/,
  );
  assert.match(
    text.stdout,
    /^30\.0 ms +9 +3\.00 ms .* 10\.0 ms +shop +mysql select \* from reviews where id = \?$/m,
  );

  assert.deepEqual(await read('--route', '/orders/{id}'), [4, 1, 8, '']);
  assert.deepEqual(await read('--errors'), [1, 1, 1, '']);
  assert.deepEqual(await read('--service', 'shop', '--min-duration', '9ms'), [3, 2, 5, '']);
  assert.deepEqual(await read('--scan', '2'), [
    2,
    2,
    3,
    'ostrace: only the 2 newest of 5 traces were read; --scan 0 reads all\n',
  ]);
  assert.deepEqual(await read('--scan', '1', '--until', '2026-01-02T03:04:07.500Z'), [
    1,
    1,
    2,
    'ostrace: only the 1 newest of 2 traces of that time were read; --scan 0 reads all\n',
  ]);
  const none = await stats('--route', '/nowhere');
  assert.deepEqual([none.code, none.stdout], [0, '0 traces · 0 points\n']);
  assert.match(none.stderr, /^no trace in file:\S+ matches\n$/);
  const empty = await ostrace(['trace', 'stats', '--connection-string', store(context).connection]);
  assert.equal(empty.code, 0);
  assert.match(empty.stderr, /^there are no traces in file:\S+ yet; ostrace request makes one/);
});

/** Ten thousand traces whose lengths are known. */
async function manyTraces(context: TestContext): Promise<string> {
  const { connection } = store(context);
  const driver = open(connection);
  for (let i = 1; i <= 10_000; i++) {
    await driver.write(linesOf(order(newId(), i * 1e6, 8, i % 1000, i % 4 === 0 ? '/carts' : '/orders/1')));
  }
  await driver.close();
  return connection;
}

test('ten thousand traces are added up without keeping them', async (context) => {
  const connection = await manyTraces(context);
  // Their events take more than this, many times.
  const env = { NODE_OPTIONS: '--max-old-space-size=48' };
  const args = ['trace', 'stats', '--connection-string', connection, '--scan', '0'];
  const { code, stdout, stderr } = await ostrace([...args, '--json'], { env });
  assert.deepEqual([code, stderr], [0, '']);
  const { traces, points, routes, calls } = JSON.parse(stdout) as Stats;
  assert.deepEqual([traces, points], [10_000, 90_000]);
  assert.deepEqual(
    routes.groups.map(({ what, count, p50, p99, max, exact }) => [what, count, p50, p99, max, exact]),
    [
      // 8 queries of 0 to 999 µs, and 3 ms.
      ['GET /orders/{id}', 7500, 3000 + 8 * 499, 3000 + 8 * 990, 3000 + 8 * 999, true],
      ['GET /carts', 2500, 3000 + 8 * 496, 3000 + 8 * 988, 3000 + 8 * 996, true],
    ],
  );
  const [call] = calls.groups;
  assert.deepEqual(
    [calls.groups.length, call!.what, call!.count, call!.max, call!.exact],
    [1, statement, 80_000, 999, false],
  );
  assert.ok(Math.abs(call!.p50 - 499) <= 5 && Math.abs(call!.p95 - 949) <= 10, `${call!.p50} ${call!.p95}`);
  const byDefault = await ostrace(args.slice(0, -2), { env });
  assert.match(byDefault.stdout, /^1000 traces · 9000 points\n/);
  assert.equal(
    byDefault.stderr,
    'ostrace: only the 1000 newest of 10000 traces were read; --scan 0 reads all\n',
  );
});

// ---- request --repeat --stats

test('request --repeat --stats prints percentiles of the answers, and of what their traces hold', async (context) => {
  const { connection } = store(context);
  let answered = 0;
  const late: Event[] = [];
  const server = createServer(({ headers }, response) => {
    const { base_id } = verify(headers['x-trace-info'], headers['x-trace-hmac'], ['key'])!;
    const events = order(base_id, ++answered * 1e6, 2, 1000);
    // The last event of the third trace comes when all are answered.
    save(connection, answered === 3 ? events.slice(0, -1) : events);
    if (answered === 3) late.push(events.at(-1)!);
    if (answered === 8) setTimeout(() => save(connection, late), 100);
    response.end('body\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders/1`;
  const request = (...args: string[]): Promise<End> =>
    ostrace(['request', '--profile', 'key', '--connection-string', connection, ...args, url]);
  const { code, stdout, stderr } = await request('--repeat', '8', '--stats', '--wait', '30');
  assert.equal(code, 0);
  assert.match(stderr, /^trace [\da-f-]{36}\n$/);
  const [counts, spread, , blank, head] = stdout.split('\n');
  assert.equal(counts, '8 requests · 200 ×8');
  assert.match(spread!, /^min .* · p50 .* · p90 .* · p95 .* · p99 .* · max /);
  assert.deepEqual([blank, head], ['', '8 traces · 24 points']);
  assert.match(stdout, /^16\.0 ms +16 +1\.00 ms .* mysql select \* from reviews where id = \?$/m);

  isProblem(
    await request('--stats'),
    /--stats is about several requests; give their number with --repeat N$/m,
  );
});

test('--stats says which traces did not arrive or did not become complete', async (context) => {
  const { connection } = store(context);
  let answered = 0;
  const server = createServer(({ headers }, response) => {
    const { base_id } = verify(headers['x-trace-info'], headers['x-trace-hmac'], ['key'])!;
    answered++;
    const events = order(base_id, answered * 1e6, 2, 1000);
    if (answered === 1) save(connection, events);
    if (answered === 2) save(connection, events.slice(0, -1));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const args = ['request', '--profile', 'key', '--stats', '--wait', '0.1', '--connection-string', connection];
  const { code, stdout, stderr } = await ostrace([...args, '--repeat', '3', url]);
  assert.equal(code, 0);
  assert.match(stdout, /^2 traces · 6 points · 1 unfinished$/m);
  assert.match(stderr, /^ostrace: nothing of 1 trace arrived within 0\.1 s; --wait waits longer$/m);
  assert.match(stderr, /^ostrace: 1 trace did not become complete within 0\.1 s; --wait waits longer$/m);
  const nothing = await ostrace([...args, '--repeat', '2', url]);
  assert.equal(nothing.code, 1);
  assert.match(
    nothing.stderr,
    /no event of the 2 traces arrived in file:.* within 0\.1 s; check that the service/,
  );
});

// ---- progress

const terminal = 'script';
const hasTerminal = spawnSync(terminal, ['--version']).status === 0;

test('a terminal sees how far it is, and is left clean', { skip: !hasTerminal }, async (context) => {
  let seen = '';
  let onSeen = (): void => {};
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    // Answered as soon as it is said that there is no answer yet.
    onSeen = () => {
      if (seen.includes(`sending requests … ${asked - 1} of 2`)) response.end('body\n');
    };
    onSeen();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const args = `request --profile key --repeat 2 ${url}`;
  const child = spawn(
    terminal,
    ['-qec', `stty cols 80; '${process.execPath}' '${main}' ${args}`, '/dev/null'],
    {
      env: { PATH: process.env['PATH'], TERM: 'xterm', NO_COLOR: '1' },
    },
  );
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    onSeen();
  });
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, seen);
  const left = seen.replaceAll('\r\u001b[K', '').replaceAll(/sending requests …(?: \d of 2)?/g, '');
  assert.match(left, /^2 requests · 200 ×2\r\nmin /);
  assert.ok(seen.includes('of 2\r\u001b[K2 requests'), JSON.stringify(seen));
});
