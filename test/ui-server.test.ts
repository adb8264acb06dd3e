// `ostrace ui`: whom its server answers, and what it says about traces.
// needs: postgresql mariadb redis
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';

import type { Driver } from '../src/drivers/driver.js';
import type { AboutStore, ListPage, ListRow, Newest } from '../src/report/page/list-types.js';
import type { PageComparison } from '../src/report/page/comparison.js';
import type { PageTrace } from '../src/report/page/page-trace.js';
import { newId } from '../src/trace/ids.js';
import { isProblem, ostrace, save, store } from './fixtures/command.js';
import { postgresql } from './fixtures/databases.js';
import { desktop, isLinux } from './fixtures/desktop.js';
import { open } from './fixtures/drivers.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { patiently } from './fixtures/patiently.js';
import { openProxy } from './fixtures/proxy.js';
import { redisUrl } from './fixtures/redis-server.js';
import { type Ui, startUi } from './fixtures/ui.js';
import { withRedis } from './services/redis.js';

interface Said {
  readonly error: string;
}

const ofStore = (connection: string): readonly string[] => ['--connection-string', connection];

async function withTraces(t: TestContext): Promise<Ui> {
  const { connection } = store(t, shopTrace());
  return startUi(t, ofStore(connection));
}

// ---- whom it answers

test('the page has the policy that it declares, and no answer may be framed, kept, sniffed or read by others', async (t) => {
  const ui = await withTraces(t);
  const { headers, text, status } = await ui.ask('/');
  assert.equal(status, 200);
  assert.match(headers['content-type']!, /^text\/html/);
  const [, declared] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)!;
  assert.equal(headers['content-security-policy'], `${declared}; frame-ancestors 'none'`);
  assert.match(declared!, /^default-src 'none'.*connect-src 'self'.*require-trusted-types-for 'script'/);
  for (const path of ['/', '/api/about', '/api/traces', '/nothing']) {
    const answer = await ui.ask(path);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff', path);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer', path);
    assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin', path);
    assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin', path);
    assert.equal(answer.headers['cache-control'], 'no-store', path);
    assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/, path);
    assert.ok(!Object.keys(answer.headers).some((name) => name.startsWith('access-control-')), path);
  }
});

test('a name that leads here is refused, whoever has it (DNS rebinding)', async (t) => {
  const ui = await withTraces(t);
  for (const host of [
    'evil.example',
    `evil.example:${ui.port}`,
    '127.0.0.1',
    `127.0.0.1:${ui.port + 1}`,
    `127.0.0.1.evil.example:${ui.port}`,
    `localhost.evil.example:${ui.port}`,
  ]) {
    for (const path of ['/', '/api/traces']) {
      const { status, text } = await ui.ask(path, { headers: { host } });
      assert.equal(status, 421, `${host}${path}`);
      assert.match((JSON.parse(text) as Said).error, /this server is not called/);
    }
  }
  for (const host of [
    `localhost:${ui.port}`,
    `127.0.0.1:${ui.port}`,
    `LOCALHOST:${ui.port}`,
    `[::1]:${ui.port}`,
  ]) {
    assert.equal((await ui.ask('/api/about', { headers: { host } })).status, 200, host);
  }
  // The address in the request line is not what counts.
  const absolute = await ui.ask(`http://127.0.0.1:${ui.port}/api/about`, {
    headers: { host: 'evil.example' },
  });
  assert.equal(absolute.status, 421);
  const old = connect(ui.port, '127.0.0.1');
  old.end('GET /api/about HTTP/1.0\r\n\r\n');
  assert.match((await old.setEncoding('latin1').toArray()).join(''), /^HTTP\/1\.1 421 /);
});

test('another site in the same browser gets nothing, and may only link to the page', async (t) => {
  const ui = await withTraces(t);
  const own = `http://127.0.0.1:${ui.port}`;
  const refused: readonly Readonly<Record<string, string>>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://localhost:${ui.port}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ];
  for (const headers of refused) {
    const { status, text } = await ui.ask('/api/traces', { headers });
    assert.equal(status, 403, JSON.stringify(headers));
    assert.match(text, /comes from another site/);
  }
  for (const headers of [{ origin: own, 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }]) {
    assert.equal((await ui.ask('/api/traces', { headers })).status, 200);
  }
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  assert.equal((await ui.ask('/', { headers: link })).status, 200);
  assert.equal((await ui.ask('/', { headers: { ...link, 'sec-fetch-dest': 'iframe' } })).status, 403);
});

test('the server is read only, but for signed requests, which a form cannot ask for', async (t) => {
  const ui = await withTraces(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    for (const path of ['/', '/api/traces', `/api/traces/${newId()}`]) {
      const { status, headers } = await ui.ask(path, { method });
      assert.equal(status, 405, `${method} ${path}`);
      assert.match(headers.allow!, /^GET/);
    }
  }
  const post = (headers: Readonly<Record<string, string>>, body = '{"command":"http://localhost:1/"}') =>
    ui.ask('/api/requests/preview', { method: 'POST', headers, body });
  const json = { 'content-type': 'application/json' };
  assert.equal((await post(json)).status, 403);
  assert.equal((await post({ 'x-ostrace': '1', 'content-type': 'text/plain' })).status, 415);
  assert.equal((await post({ ...json, 'x-ostrace': '1', origin: 'https://evil.example' })).status, 403);
  assert.equal((await post({ ...json, 'x-ostrace': '1' })).status, 200);
  assert.equal((await post({ ...json, 'x-ostrace': '1' }, '{"command":')).status, 400);
  assert.equal((await post({ ...json, 'x-ostrace': '1' }, '"text"')).status, 400);
  assert.equal(
    (await post({ ...json, 'x-ostrace': '1' }, JSON.stringify({ command: 'x'.repeat(2e6) }))).status,
    413,
  );
  assert.equal((await ui.ask('/api/requests')).status, 405);
  const head = await ui.ask('/api/traces', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('there is nothing but the page and the data: no file, no folder', async (t) => {
  const ui = await withTraces(t);
  for (const path of [
    '/../../../../etc/passwd',
    '/..%2f..%2f..%2fetc/passwd',
    '/index.html',
    '/page.html',
    '/package.json',
    '/api',
    '/api/',
    '//evil.example/',
    '/api/traces/x/y/z',
  ]) {
    const { status } = await ui.ask(path);
    assert.ok(status === 404 || (path === '//evil.example/' && status === 200), `${status} ${path}`);
  }
  for (const id of ['..%2f..%2fetc%2fpasswd', 'x', '__proto__', '%00', 'last']) {
    assert.equal((await ui.ask(`/api/traces/${id}`)).status, 400, id);
  }
});

test('large heads are refused, and who is slow is let go', async (t) => {
  const ui = await withTraces(t);
  assert.equal((await ui.ask('/', { headers: { 'x-large': 'x'.repeat(20_000) } })).status, 431);
  const startedAt = Date.now();
  const slow = connect(ui.port, '127.0.0.1');
  slow.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${ui.port}\r\nX-Slow: `);
  // Some versions of Node end it with a reset.
  slow.on('error', () => {});
  slow.resume();
  await new Promise((resolve) => slow.on('close', resolve));
  assert.ok(Date.now() - startedAt < 15_000);
  assert.equal((await ui.ask('/api/about')).status, 200);
});

test('another address than this machine asks for the token, which is in the printed address', async (t) => {
  const { connection } = store(t, shopTrace());
  const ui = await startUi(t, ['--host', '0.0.0.0', ...ofStore(connection)]);
  const [, token] = /^http:\/\/127\.0\.0\.1:\d+\/#token=([\w-]{32})$/.exec(ui.address)!;
  const host = `127.0.0.1:${ui.port}`;
  assert.equal((await ui.ask('/', { headers: { host } })).status, 200);
  for (const given of [undefined, '', 'wrong', `${token}x`, token!.slice(1)]) {
    const headers = { host, ...(given !== undefined && { 'x-ostrace-token': given }) };
    for (const path of ['/api/traces', '/api/about', `/api/traces/${newId()}`]) {
      const { status, text } = await ui.ask(path, { headers });
      assert.equal(status, 401, `${given} ${path}`);
      assert.match(text, /with its #token=/);
      assert.ok(!text.includes(token!));
    }
  }
  const right = { host, 'x-ostrace-token': token! };
  assert.equal((await ui.ask('/api/traces', { headers: right })).status, 200);
  assert.equal((await ui.ask('/api/traces', { headers: { ...right, host: 'evil.example' } })).status, 421);
});

for (const every of ['0.0.0.0', '::']) {
  const hasFamily = Object.values(networkInterfaces()).some((own) =>
    own?.some(({ family }) => every === '0.0.0.0' || family === 'IPv6'),
  );
  const skip = hasFamily ? false : 'this machine has no such address';
  test(
    `each address that is printed for ${every} is answered, and ${every} itself is refused`,
    { skip },
    async (t) => {
      const { connection } = store(t, shopTrace());
      const ui = await startUi(t, ['--host', every, ...ofStore(connection)]);
      const printed = ui.printed().match(/^http:\S+$/gm)!;
      assert.ok(printed.length > 0);
      for (const address of printed) {
        const { origin, hash } = new URL(address);
        const token = hash.slice('#token='.length);
        const { status } = await fetch(`${origin}/api/about`, { headers: { 'x-ostrace-token': token } });
        assert.equal(status, 200, origin);
      }
      const host = `${every === '::' ? '[::]' : every}:${ui.port}`;
      assert.equal((await ui.ask('/', { headers: { host } })).status, 421);
    },
  );
}

test('on this machine, too, the token is asked for if one wants that', async (t) => {
  const { connection } = store(t, shopTrace());
  const ui = await startUi(t, ['--token', ...ofStore(connection)]);
  const [, token] = /^http:\/\/127\.0\.0\.1:\d+\/#token=([\w-]{32})$/.exec(ui.address)!;
  assert.equal((await ui.ask('/api/traces')).status, 401);
  assert.equal((await ui.ask('/api/traces', { headers: { 'x-ostrace-token': token! } })).status, 200);
});

test(
  'the browser gets the token in a file of this user alone, which goes with the command',
  isLinux,
  async (t) => {
    const { connection } = store(t, shopTrace());
    const { env, opened } = desktop(t);
    const ui = await startUi(t, ['--token', ...ofStore(connection)], env, true);
    const file = await opened();
    assert.ok(file.startsWith(env['TMPDIR']!), file);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
    assert.ok(readFileSync(file, 'utf8').includes(`content="0; url=${ui.address}"`));
    ui.child.kill('SIGTERM');
    await once(ui.child, 'exit');
    assert.equal(existsSync(dirname(file)), false);
  },
);

test('without a token the browser gets the address', isLinux, async (t) => {
  const { connection } = store(t, shopTrace());
  const { env, opened } = desktop(t);
  const ui = await startUi(t, ofStore(connection), env, true);
  assert.equal(await opened(), ui.address);
});

// ---- the list

const stores: Readonly<Record<string, (t: TestContext) => Promise<string>>> = {
  'a folder': async (t) => store(t).connection,
  PostgreSQL: async (t) => (await postgresql.create(t)).url,
  Redis: async () => redisUrl,
};

for (const [name, connectionOf] of Object.entries(stores)) {
  test(`${name}: the list comes by pages, each trace once, and new ones are told of`, async (t) => {
    const connection = await connectionOf(t);
    const driver = open(connection);
    t.after(() => driver.close());
    t.after(() => forget([...ids, late]));
    const late = newId();
    const ids = Array.from({ length: 130 }, newId);
    const each = (base_id: string, i: number) =>
      eventsOf({ name: 'wsgi', id: newId(), trace: base_id, start: i * 1e6, stop: i * 1e6 + 1000 });
    await writeAll(
      driver,
      ids.flatMap((base_id, i) => each(base_id, i)),
    );
    const ui = await startUi(t, ofStore(connection));
    const ours = new Set(ids);
    const seen: ListRow[] = [];
    let next: string | undefined;
    do {
      const after: string = next === undefined ? '' : `&after=${encodeURIComponent(next)}`;
      const page = await ui.json<ListPage>(`/api/traces?limit=40${after}`);
      assert.ok(page.rows.length <= 40);
      seen.push(...page.rows.filter(({ base_id }) => ours.has(base_id)));
      next = page.next;
    } while (next !== undefined);
    assert.equal(seen.length, 130);
    assert.equal(new Set(seen.map(({ base_id }) => base_id)).size, 130);

    const before = await ui.json<Newest>('/api/newest');
    const [nothing] = await ui.json<ListRow[]>(`/api/rows?id=${late}`);
    assert.equal(nothing?.points, 0);
    await writeAll(driver, each(late, 200));
    const after = await patiently(
      () => ui.json<Newest>('/api/newest'),
      (newest) => newest.ids.includes(late),
    );
    assert.ok(!before.ids.includes(late) && after.ids.includes(late));
    const [row] = await patiently(
      () => ui.json<ListRow[]>(`/api/rows?id=${late}`),
      ([found]) => found?.points === 1,
    );
    assert.deepEqual([row?.base_id, row?.points], [late, 1], 'that it was not there is not remembered');
    assert.deepEqual(await ui.json(`/api/rows?id=${late}&filter=error:yes`), []);
  });
}

/** Removes traces from the Redis that tests share. */
async function forget(ids: readonly string[]): Promise<void> {
  await withRedis(redisUrl, (client) => client.del(ids.map((base_id) => `osprofiler_opt:${base_id}`)));
}

async function writeAll(driver: Driver, events: Parameters<typeof linesOf>[0]): Promise<void> {
  const lines = linesOf(events);
  for (let i = 0; i < lines.length; i += 1000) await driver.write(lines.slice(i, i + 1000));
}

test('a row says when, what, where, how long, how many, and what was found', async (t) => {
  const ui = await withTraces(t);
  const { rows, total, examined, isWhole } = await ui.json<ListPage>('/api/traces');
  assert.deepEqual([total, examined, isWhole, rows.length], [1, 1, false, 1]);
  const [{ finding, ...row }] = rows as [ListRow];
  assert.deepEqual(row, {
    base_id: shopTrace()[0]!.base_id,
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5) + 0.12,
    method: 'GET',
    route: '/orders/42',
    service: 'shop',
    services: ['shop', 'stock'],
    status: 200,
    duration: 182_310,
    points: 9,
    errors: 2,
    unfinished: 1,
    isGrowing: false,
  });
  assert.match(finding!.sentence, /failed/);
});

test('durations are compared with those of the same route once enough are known', async (t) => {
  const { connection } = store(t);
  const make = (route: string, millis: number) =>
    eventsOf({
      name: 'wsgi',
      id: newId(),
      trace: newId(),
      start: 0,
      stop: millis * 1000,
      startInfo: { request: { method: 'GET', path: route } },
    });
  save(
    connection,
    [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].flatMap((millis) => make('/often', millis)),
  );
  save(connection, make('/once', 5));
  const ui = await startUi(t, ofStore(connection));
  const { rows } = await ui.json<ListPage>('/api/traces');
  const often = rows.find(({ route }) => route === '/often');
  assert.deepEqual(often?.alike, { count: 10, p50: 50_000, p95: 100_000, max: 100_000 });
  assert.equal(rows.find(({ route }) => route === '/once')?.alike, undefined);
});

test('conditions choose traces, with a minus they exclude them, and free text looks everywhere', async (t) => {
  const { connection } = store(t);
  const add = (
    path: string,
    method: string,
    status: number,
    millis: number,
    service: string,
    failed = false,
  ) => {
    const trace = newId();
    const startInfo = { request: { method, path } };
    const stopInfo = {
      response: { status_code: status },
      ...(failed && { etype: 'TypeError', message: 'x is no function' }),
    };
    save(
      connection,
      eventsOf({
        name: 'wsgi',
        id: newId(),
        trace,
        start: 0,
        stop: millis * 1000,
        startInfo,
        stopInfo,
        service,
      }),
    );
    return trace;
  };
  const order = add('/orders/1', 'GET', 200, 800, 'shop');
  const made = add('/orders', 'POST', 201, 120, 'shop');
  const broken = add('/stock/7', 'GET', 503, 40, 'stock', true);
  const ui = await startUi(t, ofStore(connection));
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', [order, made, broken]],
    ['route:/orders', [order, made]],
    ['route:/orders/{id}', [order]],
    ['route:/{}', [made]],
    ['route:*s/{id}', [order]],
    ['route:*o*', [order, made, broken]],
    ['route:*o', []],
    ['route:/orders{}', []],
    ['route:{id}/*', []],
    ['-route:/orders', [broken]],
    ['service:stock', [broken]],
    ['-service:stock method:post', [made]],
    ['status:5xx', [broken]],
    ['status:200,201', [order, made]],
    ['duration:>500', [order]],
    ['duration:>0.1s', [order, made]],
    ['duration:<100ms', [broken]],
    ['duration:>120', [order]],
    ['duration:>=120', [order, made]],
    ['duration:<120', [broken]],
    ['duration:<=120', [made, broken]],
    ['error:yes', [broken]],
    ['error:no', [order, made]],
    ['finding:error', [broken]],
    ['finding:"x is no"', [broken]],
    ['STOCK', [broken]],
    [order.slice(0, 13), [order]],
    ['get /orders', [order]],
    ['colour:red', []],
    ['nowhere', []],
  ];
  for (const [filter, expected] of cases) {
    const { rows, examined } = await ui.json<ListPage>(`/api/traces?filter=${encodeURIComponent(filter)}`);
    assert.deepEqual(new Set(rows.map(({ base_id }) => base_id)), new Set(expected), filter);
    assert.equal(examined, 3);
  }
  for (const filter of ['status:abc', 'duration:500', 'duration:>x', 'error:maybe']) {
    const { status, text } = await ui.ask(`/api/traces?filter=${encodeURIComponent(filter)}`);
    assert.equal(status, 400, filter);
    assert.match((JSON.parse(text) as Said).error, /is no condition; .+ expects /);
  }
  assert.equal((await ui.ask('/api/traces?limit=many')).status, 400);
});

test('a pattern that matches in very many ways is decided at once', async (t) => {
  const { connection } = store(t);
  const path = `/${'a'.repeat(250)}`;
  const startInfo = { request: { method: 'GET', path } };
  save(connection, eventsOf({ name: 'wsgi', id: newId(), trace: newId(), start: 0, stop: 9, startInfo }));
  const ui = await startUi(t, ofStore(connection));
  for (const [pattern, count] of [
    [`*${'{}'.repeat(60)}!`, 0],
    [`${'*a'.repeat(60)}!`, 0],
    [`*${'{}'.repeat(60)}`, 1],
    ['*a'.repeat(60), 1],
  ] as const) {
    const signal = AbortSignal.timeout(5000);
    const filter = encodeURIComponent(`route:${pattern}`);
    const response = await fetch(`http://127.0.0.1:${ui.port}/api/traces?filter=${filter}`, { signal });
    assert.equal(((await response.json()) as ListPage).rows.length, count, pattern);
  }
});

// ---- a trace

test('a trace comes with its events by pieces, is sent once, and again when it has grown', async (t) => {
  const base_id = newId();
  const { connection } = store(t, shopTrace(base_id));
  const ui = await startUi(t, ofStore(connection));
  const path = `/api/traces/${base_id}`;
  const first = await ui.ask(path);
  const trace = JSON.parse(first.text) as PageTrace;
  assert.deepEqual([first.status, trace.base_id], [200, base_id]);
  const etag = first.headers.etag!;
  const again = await ui.ask(path, { headers: { 'if-none-match': etag } });
  assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', etag]);
  assert.equal(first.headers['x-ostrace-growing'], 'false', 'it is of another year');
  const events = await ui.json<unknown[][]>(`${path}/events/0`);
  assert.equal(events.length, trace.points.id.length);
  assert.equal((await ui.ask(`${path}/events/1`)).status, 404);
  const eventsAsRead = () => ui.ask(`${path}/events/0`, { headers: { 'if-match': etag } });

  save(connection, eventsOf({ name: 'task', id: newId(), trace: base_id, parent: 'in', start: 5, stop: 9 }));
  const kept = await eventsAsRead();
  assert.deepEqual([kept.status, JSON.parse(kept.text)], [200, events], 'of the trace as it was read');
  const grown = await ui.ask(path, { headers: { 'if-none-match': etag } });
  assert.equal(grown.status, 200);
  assert.equal((JSON.parse(grown.text) as PageTrace).count, trace.count + 1);
  assert.equal((await eventsAsRead()).status, 412, 'other points may stand at these places now');
  assert.equal((await ui.ask(`/api/traces/${newId()}`)).status, 404);
});

test('two traces are compared, and the differences are those of ostrace trace diff', async (t) => {
  const ids = [newId(), newId()] as const;
  const [a, b] = ids;
  const { connection } = store(t, [
    ...shopTrace(a),
    ...eventsOf({ name: 'wsgi', id: newId(), trace: b, start: 0, stop: 9 }),
  ]);
  const ui = await startUi(t, ofStore(connection));
  const printed = await ostrace(['trace', 'diff', a, b, '--json', ...ofStore(connection)]);
  const told = JSON.parse(printed.stdout) as { readonly difference: number };
  const compared = await ui.json<PageComparison>(`/api/traces/${a}/compare/${b}`);
  assert.equal(compared.difference, told.difference);
  assert.equal(
    compared.steps.reduce((sum, { difference }) => sum + difference, 0),
    told.difference,
  );
  assert.deepEqual([compared.a.base_id, compared.b.base_id], [a, b]);
  assert.equal((await ui.ask(`/api/traces/${a}/compare/${newId()}`)).status, 404);
  assert.equal((await ui.ask(`/api/traces/${a}/compare/x`)).status, 400);
});

test('a trace of a moment ago may grow, and the page is told so', async (t) => {
  const base_id = newId();
  const { connection } = store(t);
  const [start] = eventsOf({ name: 'wsgi', id: newId(), trace: base_id, start: 0 });
  const now = new Date().toISOString().slice(0, -1);
  save(connection, [{ ...start!, timestamp: `${now}000` }]);
  const ui = await startUi(t, ofStore(connection));
  assert.equal((await ui.ask(`/api/traces/${base_id}`)).headers['x-ostrace-growing'], 'true');
});

test('a trace whose clock was far ahead is not waited for', async (t) => {
  const base_id = newId();
  const { connection } = store(t);
  const [start] = eventsOf({ name: 'wsgi', id: newId(), trace: base_id, start: 0 });
  save(connection, [{ ...start!, timestamp: '2999-01-01T00:00:00.000000' }]);
  const ui = await startUi(t, ofStore(connection));
  assert.equal((await ui.ask(`/api/traces/${base_id}`)).headers['x-ostrace-growing'], 'false');
  const { rows } = await ui.json<ListPage>('/api/traces');
  assert.deepEqual(
    rows.map(({ isGrowing }) => isGrowing),
    [false],
  );
});

test('a row is short and has no control characters, whatever the events hold', async (t) => {
  const { connection } = store(t);
  const hostile = `\u202e\u0007${'x'.repeat(5000)}`;
  const startInfo = { request: { method: hostile, path: `/${hostile}` } };
  const trace = newId();
  save(
    connection,
    eventsOf({ name: 'wsgi', id: newId(), trace, start: 0, stop: 9, startInfo, service: hostile }),
  );
  const ui = await startUi(t, ofStore(connection));
  const { rows } = await ui.json<ListPage>('/api/traces');
  const { method, route, service, services } = rows[0]!;
  for (const text of [method!, route, service, ...services]) {
    assert.ok(text.includes('xxx') && text.length <= 400, String(text.length));
    assert.ok(!text.includes('\u0007') && !text.includes('\u202e'));
  }
});

// ---- the store

test('a store that is gone is said so without its password, and is back when it is back', async (t) => {
  const { hostname, port } = new URL(redisUrl);
  const proxy = await openProxy(t, hostname, Number(port || 6379));
  const ui = await startUi(t, ofStore(`redis://:secret-word@127.0.0.1:${proxy.port}/12`));
  const gone = await ui.ask('/api/traces');
  assert.equal(gone.status, 503);
  assert.ok(!gone.text.includes('secret-word') && !ui.printed().includes('secret-word'));
  assert.match((JSON.parse(gone.text) as Said).error, /127\.0\.0\.1/);

  const other = await startUi(t, ofStore(`redis://127.0.0.1:${proxy.port}/12`));
  assert.equal((await other.ask('/api/traces')).status, 200);
  await proxy.cut();
  const cut = await patiently(
    () => other.ask('/api/newest'),
    ({ status }) => status === 503,
  );
  assert.equal(cut.status, 503);
  assert.equal((await other.ask(`/api/traces/${newId()}`)).status, 503);
  await proxy.open();
  const back = await patiently(
    () => other.ask('/api/newest'),
    ({ status }) => status === 200,
  );
  assert.equal(back.status, 200);
});

test('a store that has no trace yet is an empty list, and a queue says that it cannot list', async (t) => {
  const { connection } = store(t);
  const ui = await startUi(t, ofStore(connection));
  assert.deepEqual(await ui.json('/api/traces'), { rows: [], total: 0, examined: 0, isWhole: false });
  const about = await ui.json<AboutStore>('/api/about');
  assert.deepEqual([about.store, about.canList], [connection, true]);
  const queue = await startUi(t, ofStore('amqp://guest:guest@127.0.0.1:1/'));
  assert.equal((await queue.json<AboutStore>('/api/about')).canList, false);
});

// ---- the command

test('it ends at once by SIGINT and by SIGTERM, whoever is connected', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const ui = await withTraces(t);
    const idle = connect(ui.port, '127.0.0.1').on('error', () => {});
    await once(idle, 'connect');
    const startedAt = Date.now();
    ui.child.kill(signal);
    const [code] = (await once(ui.child, 'exit')) as [number];
    assert.equal(code, 0);
    assert.ok(Date.now() - startedAt < 3000);
  }
});

test('a port that is taken is left to its owner, and wrong options are named', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  isProblem(
    await ostrace(['ui', '--no-open', '--port', String(port)]),
    /cannot listen at 127\.0\.0\.1:\d+: another program listens there/,
  );
  isProblem(await ostrace(['ui', '--no-open', '--port', 'x']), /--port is "x"; expected a number/);
  isProblem(
    await ostrace(['ui', '--no-open', '--to', 'http://shop/']),
    /--to is "http:\/\/shop\/"; expected a host/,
  );
  isProblem(await ostrace(['ui', '--no-open', '--host', '']), /--host is ""/);
  isProblem(
    await ostrace(['ui', '--no-open', '--connection-string', `x://a:${randomBytes(4).toString('hex')}@b`]),
    /is "x:\/\/\*\*\*@b"; expected a store/,
  );
});
