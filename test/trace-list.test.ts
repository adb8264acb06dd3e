// `ostrace trace list`, and what the stores list.
// needs: time
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { newestFiles } from '../src/drivers/file/newest.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { type End, isProblem, ostrace, save, store } from './fixtures/command.js';
import { open } from './fixtures/drivers.js';
import { at, eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { scratch } from './scenario.js';

const idsIn = ({ stdout }: End): string[] => [...stdout.matchAll(/^[\da-f-]{36}/gm)].map(([id]) => id);

// ---- what it shows

test('the list has the newest trace first, as text and as JSON', async (context) => {
  const ids = Array.from({ length: 25 }, newId);
  const events = ids.flatMap((trace, i) => eventsOf({ name: 'wsgi', id: 'x', trace, start: i * 1e6 }));
  const { connection } = store(context, events);
  const list = (...args: string[]): Promise<End> =>
    ostrace(['trace', 'list', '--connection-string', connection, ...args]);

  const text = await list();
  assert.equal(text.code, 0);
  assert.deepEqual(idsIn(text), ids.toReversed().slice(0, 20));
  assert.match(
    text.stdout.split('\n')[1]!,
    /^\S{36} {2}2026-01-02 03:04:29\.000 UTC {2}(?:\d+ days ago|in the future) /,
  );
  assert.equal(text.stderr, 'ostrace: 5 older traces are not shown; --limit 0 lists all\n');

  assert.equal(idsIn(await list('--limit', '0')).length, 25);
  assert.equal((await list('-n', '25')).stderr, '');
  const json = await list('--json');
  const parsed = JSON.parse(json.stdout) as { base_id: string; timestamp: string }[];
  assert.deepEqual(
    parsed,
    ids.toReversed().map((base_id, i) => ({ base_id, timestamp: at((24 - i) * 1e6) })),
    "OSProfiler's form",
  );
  assert.equal((JSON.parse((await list('--json', '--limit', '2')).stdout) as unknown[]).length, 2);
});

test('a line says when, what, status, duration, points, errors and services', async (context) => {
  const { connection } = store(context, shopTrace());
  const args = ['trace', 'list', '--connection-string', connection];
  const { stdout } = await ostrace(args);
  const [heading, line] = stdout.split('\n');
  assert.match(heading!, /^ID +WHEN +AGO +WHAT +STATUS +TIME +POINTS +ERRORS +SERVICES$/);
  assert.match(line!, / {2}GET \/orders\/42\?full=1 +200 +182 ms… +9 +2 +shop, stock$/);
  const [entry] = JSON.parse((await ostrace([...args, '--json', '--limit', '1'])).stdout) as object[];
  assert.deepEqual(entry, {
    base_id: '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4',
    timestamp: at(120),
    method: 'GET',
    path: '/orders/42',
    status: 200,
    what: 'GET /orders/42?full=1',
    duration: 182_310,
    services: ['shop', 'stock'],
    points: 9,
    errors: 2,
    unfinished: 1,
  });
});

test('an empty store is no error: a line says how a first trace is made', async (context) => {
  const { connection, folder } = store(context);
  const at_ = ['--connection-string', connection];
  for (const each of ['not there', 'empty']) {
    const end = await ostrace(['trace', 'list', ...at_]);
    assert.deepEqual([end.code, end.stderr], [0, ''], each);
    assert.match(
      end.stdout,
      /^there are no traces in file:\S+ yet; start a service .*ostrace request [^\n]*\n$/,
    );
    const json = await ostrace(['trace', 'list', '--json', ...at_]);
    assert.deepEqual([json.code, json.stdout], [0, '[]\n']);
    assert.match(json.stderr, /^there are no traces in /);
    const failed = await ostrace(['trace', 'list', '--error-trace', ...at_]);
    assert.equal(failed.code, 0);
    assert.match(
      failed.stdout,
      /^there are no failed traces in file:.* yet; services with OSTRACE_FILTER_ERROR_TRACE=true list them, in /,
    );
    mkdirSync(folder, { recursive: true });
  }
});

// ---- filters

const [plain, slow, broken, tool] = Array.from({ length: 4 }, newId) as [string, string, string, string];

function mixed(): Event[] {
  const request = (trace: string, start: number, took: number, path: string, status_code: number): Event[] =>
    eventsOf({
      name: 'wsgi',
      id: 'in',
      trace,
      start,
      stop: start + took,
      startInfo: { request: { method: path === '/orders' ? 'POST' : 'GET', path } },
      stopInfo: {
        response: { status_code },
        ...(status_code === 404 && { request: { route: '/orders/:id/:list' } }),
      },
    });
  return [
    ...request(plain, 1e6, 5000, '/orders', 201),
    ...request(slow, 2e6, 900_000, '/orders/42/items', 404),
    ...eventsOf({
      name: 'db',
      id: 'db',
      parent: 'in',
      trace: slow,
      service: 'stock',
      start: 2e6,
      stop: 2e6 + 1,
    }),
    ...request(broken, 3e6, 250_000, '/orders/43', 500),
    ...eventsOf({
      name: 'task',
      id: 'task',
      parent: 'in',
      trace: broken,
      start: 3e6,
      stop: 3e6 + 1,
      stopInfo: { etype: 'TypeError' },
    }),
    ...eventsOf({
      name: 'process',
      id: 'p',
      trace: tool,
      start: 4e6,
      stop: 4e6 + 2_000_000,
      startInfo: { process: { file: '/srv/job.mjs', pid: 7 } },
    }),
  ];
}

const filters: readonly (readonly [args: string[], found: string[]])[] = [
  [[], [tool, broken, slow, plain]],
  [
    ['--path', '/orders'],
    [broken, slow, plain],
  ],
  [['--path', 'items'], [slow]],
  [['--path', '/orders/{id}'], [broken]],
  [['--route', '/orders/{id}'], [broken]],
  [['--route', '/orders/:id/:list'], [slow]],
  [['--path', '/orders/:id/:list'], []],
  [
    ['--path', '/orders/*'],
    [broken, slow],
  ],
  [['--path', '*.items'], []],
  [['--method', 'post'], [plain]],
  [
    ['-X', 'GET'],
    [broken, slow],
  ],
  [['--status', '404'], [slow]],
  [
    ['--status', '4xx,500'],
    [broken, slow],
  ],
  [['--status', '5xx'], [broken]],
  [
    ['--min-duration', '250ms'],
    [tool, broken, slow],
  ],
  [['--min-duration', '1.5s'], [tool]],
  [
    ['--max-duration', '250'],
    [broken, plain],
  ],
  [['--service', 'stock'], [slow]],
  [['--service', 'stock', '--service', 'shop'], [slow]],
  [['--service', 'sto'], []],
  [
    ['--min-points', '2'],
    [broken, slow],
  ],
  [['--errors'], [broken]],
  [
    ['--since', '2026-01-02T03:04:07.500Z'],
    [tool, broken],
  ],
  [
    ['--since', '2026-01-02T03:04:07Z', '--until', '2026-01-02T03:04:08Z'],
    [broken, slow],
  ],
  [
    ['--until', '1s'],
    [tool, broken, slow, plain],
  ],
  [['--since', '1s'], []],
  [['--status', '4xx,5xx', '--limit', '1'], [broken]],
  [['--status', '4xx,5xx', '--scan', '2'], [broken]],
];

for (const [args, found] of filters) {
  test(`trace list ${args.join(' ')}`, async (context) => {
    const { connection } = store(context, mixed());
    const all = ['trace', 'list', '--connection-string', connection, ...args];
    const end = await ostrace(all);
    assert.deepEqual([end.code, idsIn(end)], [0, found]);
    if (found.length === 0) assert.match(end.stdout, /^no trace in file:\S+ matches\n$/);
    const json = JSON.parse((await ostrace([...all, '--json'])).stdout) as { base_id: string }[];
    assert.deepEqual(
      json.map(({ base_id }) => base_id),
      found,
    );
  });
}

const mistakes: readonly (readonly [args: string[], says: RegExp])[] = [
  [['--status', 'bad'], /--status is "bad"; expected statuses such as 404 or 5xx/],
  [['--min-duration', 'long'], /--min-duration is "long"; expected a time such as 250ms or 1\.5s/],
  [['--since', 'yesterday'], /--since is "yesterday"; expected a time such as 30m/],
  [['--until', '12'], /--until is "12"; expected a time/],
  [['--min-points', '-1'], /argument is ambiguous/],
  [['--min-points', 'x'], /--min-points is "x"; expected a whole number$/m],
  [['--scan', 'x'], /--scan is "x"; expected a whole number, 0 for all$/m],
  [['--limit', 'x'], /--limit is "x"; expected a whole number, 0 for all$/m],
];

for (const [args, says] of mistakes) {
  test(`one clear line: trace list ${args.join(' ')}`, async () => {
    isProblem(await ostrace(['trace', 'list', ...args]), says);
  });
}

test('what a filter did not look at is said', async (context) => {
  const { connection } = store(context, mixed());
  const list = (...args: string[]): Promise<End> =>
    ostrace(['trace', 'list', '--connection-string', connection, ...args]);
  assert.equal(
    (await list('--errors', '--scan', '1')).stderr,
    'ostrace: only the 1 newest of 4 traces were examined; --scan 0 examines all\n',
  );
  assert.match(
    (await list('--status', '4xx,5xx', '-n', '1')).stderr,
    /older traces may match as well; --limit 0 lists every match/,
  );
  assert.equal((await list('--errors')).stderr, '');
});

// ---- ids

test('last and the beginning of an id work wherever an id does', async (context) => {
  const [one, other] = ['abcdef01-33b3-4f84-b4f1-f5a4311ddfa4', 'abcdef02-33b3-4f84-b4f1-f5a4311ddfa4'];
  const events = [
    ...eventsOf({ name: 'p', id: '1', trace: one, start: 1 }),
    ...eventsOf({ name: 'p', id: '1', trace: other, start: 2 }),
  ];
  const { connection } = store(context, events);
  const env = { OSTRACE_CONNECTION_STRING: connection, OSTRACE_PROFILE: 'key' };
  for (const [given, id] of [
    ['last', other],
    ['abcdef01', one],
    ['ABCDEF01', one],
    ['abcdef0233', other],
    ['abcdef02-33b', other],
  ] as const) {
    const shown = await ostrace(['trace', 'show', given], { env });
    assert.deepEqual([shown.code, shown.stdout.slice(6, 42)], [0, id], given);
    const json = await ostrace(['trace', 'show', '--json', given], { env });
    assert.ok(json.stdout.includes(id));
    const signed = await ostrace(['sign', '--base-id', given], { env });
    assert.equal(signed.stderr, `trace ${id}\n`, given);
  }
  for (const args of [
    ['trace', 'show'],
    ['sign', '--base-id'],
  ]) {
    isProblem(
      await ostrace([...args, 'abcdef'], { env }),
      new RegExp(`2 traces begin with abcdef; give more of the id: ${other} \\(.*\\), ${one} \\(.*\\)$`, 'm'),
    );
    isProblem(
      await ostrace([...args, 'abcd0'], { env }),
      /no trace in .* begins with abcd0; ostrace trace list/,
    );
    // Too short, and a mistake more likely than an id.
    isProblem(await ostrace([...args, 'abc'], { env }), /"abc".*expected a UUID/);
  }
  // Written by somebody who writes ids in another way.
  save(connection, eventsOf({ name: 'p', id: '1', trace: 'FEDC0001-33B3-4F84-B4F1-F5A4311DDFA4', start: 3 }));
  assert.match((await ostrace(['trace', 'show', 'fedc0001'], { env })).stdout, /^trace FEDC0001-/);
  const empty = { ...env, OSTRACE_CONNECTION_STRING: `file://${scratch(context)}` };
  isProblem(
    await ostrace(['trace', 'show', 'last'], { env: empty }),
    /there are no traces in .* yet; ostrace request/,
  );
});

// ---- large stores

test('of a folder of thousands, files that were last written to before are not opened', (context) => {
  const folder = scratch(context);
  const ids = Array.from({ length: 300 }, newId);
  const driver = open(`file://${folder}`);
  const second = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
  for (const [i, trace] of ids.entries()) {
    const events = eventsOf({ name: 'p', id: '1', trace, start: i * 60e6 });
    void driver.write(linesOf(events));
    // One goes on for long: its first event is old, its last is new.
    const written = second + 60 * (i === 10 ? 1000 : i);
    utimesSync(join(folder, `${trace}.jsonl`), written, written);
  }
  const opened: string[] = [];
  const paths = ids.map((id) => join(folder, `${id}.jsonl`));
  const found = newestFiles(paths, 20, (path) => {
    opened.push(path);
    const i = paths.indexOf(path);
    return eventsOf({ name: 'p', id: '1', trace: ids[i]!, start: i * 60e6 })[0];
  });
  const newest = found.map(({ base_id }) => base_id).filter((id) => id !== ids[10]);
  assert.deepEqual(new Set(newest.slice(0, 20)), new Set(ids.slice(-20)));
  assert.ok(opened.length <= 24, `${opened.length} files`);
});

test('the newest traces of a folder are those that the whole list begins with', async (context) => {
  const { connection, folder } = store(context);
  const ids = Array.from({ length: 60 }, newId);
  // Written in any order.
  for (const [i, trace] of ids.entries()) {
    save(connection, eventsOf({ name: 'p', id: '1', trace, start: ((i * 37) % 60) * 1e6 }));
  }
  const driver = open(connection);
  const all = await driver.list();
  for (const count of [1, 7, 60, 100]) {
    assert.deepEqual(await driver.newest!(count), { traces: all.slice(0, count), total: 60 });
  }
  assert.deepEqual(await driver.find!(all[3]!.base_id.slice(0, 13)), [all[3]]);
  rmSync(folder, { recursive: true });
  assert.deepEqual(await driver.newest!(5), { traces: [], total: 0 });
});
