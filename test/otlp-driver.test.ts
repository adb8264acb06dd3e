// Against a stand-in for a collector, which reads with OpenTelemetry's own definitions: test/stand-ins/otlp.ts.
// needs: agent
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import type { Driver } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import type { Event, Info } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { open } from './fixtures/drivers.js';
import { base_id, dice, eventsOf, shopTrace } from './fixtures/events.js';
import { lineOf, linesOf } from './fixtures/lines.js';
import { key, on, run } from './scenario.js';
import { type OtlpReceiver, type SeenSpan, openOtlpReceiver, partialSuccess } from './stand-ins/otlp.js';

let receiver: OtlpReceiver;
let driver: Driver;

beforeEach(async () => {
  receiver = await openOtlpReceiver();
  driver = open(`otlp://127.0.0.1:${receiver.port}`);
});

afterEach(async () => {
  await driver.close();
  await receiver.stop();
});

const point = (id: string, stopInfo?: Info, startInfo?: Info, name = 'p'): Line[] =>
  linesOf(
    eventsOf({ name, id, start: 1, stop: 2, ...(startInfo && { startInfo }), ...(stopInfo && { stopInfo }) }),
  );
const golden = (name: string): never =>
  JSON.parse(readFileSync(join(__dirname, '../../test/golden', `${name}.json`), 'utf8')) as never;

interface GoldenTrace {
  readonly payloads: readonly Omit<Event, 'project' | 'service'>[];
  readonly spans: readonly {
    readonly name: string;
    readonly kind: string;
    readonly trace_id_hex: string;
    readonly span_id_hex: string;
    readonly parent_span_id_hex: string | null;
    readonly attributes: Info;
    readonly events: readonly { readonly attributes: Info }[];
  }[];
}
type GoldenNames = Readonly<Record<string, { readonly span_name: string; readonly kind: string }>>;

/** OSProfiler's name as it is here: requests by path templates, and nothing cut off. */
const wholeName = (name: string): string =>
  name
    .replace(/^WSGI_(\w+)_/, '$1 ')
    .replace(/7$/, '{id}')
    .replace(/^manage$/, 'manager');

for (const trace of ['child_of_remote', 'root'] as const) {
  test(`the spans of a trace have OSProfiler's ids and kinds: ${trace}`, async () => {
    const { payloads, spans } = golden('otlp')[trace] as GoldenTrace;
    await driver.write(linesOf(payloads.map((event) => ({ ...event, project: 'golden', service: 'peer' }))));
    const byId = (a: { span_id: string }, b: { span_id: string }): number => (a.span_id < b.span_id ? -1 : 1);
    assert.deepEqual(
      receiver.spans
        .map(({ name, kind, trace_id, span_id, parent_span_id, events }) => {
          const failure = events.map(({ attributes }) => attributes['exception.type']);
          return { name, kind, trace_id, span_id, parent_span_id, failure };
        })
        .toSorted(byId),
      spans
        .map((span) => ({
          name: wholeName(span.name),
          kind: span.kind,
          trace_id: span.trace_id_hex,
          span_id: span.span_id_hex,
          parent_span_id: span.parent_span_id_hex,
          failure: span.events.map(({ attributes }) => attributes['error.kind']),
        }))
        .toSorted(byId),
    );
    assert.deepEqual(receiver.spans[0]!.resource, {
      'service.name': 'peer',
      'service.namespace': 'golden',
      'host.name': 'golden-host',
    });
  });
}

// OSProfiler's own are cut: `cart` is `c` there, as it takes all characters of "-start" off the end.
test('points without known info have their whole name, and the kind that OSProfiler gives them', async () => {
  const names = golden('otlp')['names_of_points_without_known_info'] as GoldenNames;
  const own = ['process', 'thread', 'thread_main', 'command', 'cart', 'start', 'tsar', 'stop', 'chart-stats'];
  for (const name of [...Object.keys(names), ...own]) {
    await driver.write(point(newId(), {}, {}, name));
    const seen = receiver.spans.pop()!;
    assert.deepEqual([seen.name, seen.kind], [name, names[name]?.kind ?? 'INTERNAL']);
  }
});

test('requests are named by their method and their route, or their path without what differs', async () => {
  const names: readonly (readonly [string, Info, string])[] = [
    ['wsgi', { request: { method: 'GET', path: '/orders/42' } }, 'GET /orders/{id}'],
    ['wsgi', { request: { method: 'GET', path: '/orders/42', route: '/orders/:id' } }, 'GET /orders/:id'],
    [
      'http',
      { requests: { method: 'PUT', path: '/v2/users/a.b%40c.de/x', hostname: 'a' } },
      'PUT /v2/users/{id}/x',
    ],
    ['https', { requests: { method: 'GET', path: '/' } }, 'GET /'],
    ['https', { requests: { method: 'GET' } }, 'GET'],
    ['wsgi', { request: { path: '/x' } }, 'HTTP /x'],
  ];
  for (const [name, startInfo, expected] of names) {
    await driver.write(point(newId(), {}, startInfo, name));
    assert.equal(receiver.spans.pop()!.name, expected);
  }
  // A framework has found the route after the start.
  const found = { request: { route: '/orders/:id' } };
  await driver.write(point(newId(), found, { request: { method: 'GET', path: '/orders/42' } }, 'wsgi'));
  const [seen] = receiver.spans;
  assert.deepEqual([seen!.name, seen!.attributes['http.route']], ['GET /orders/:id', '/orders/:id']);
});

test('calls and messages have the side that they say, and the names of the conventions', async () => {
  const rows: readonly (readonly [Info, kind: string, name: string, Info])[] = [
    [
      { kind: 'client', system: 'grpc', service: 'shop.Stock', method: 'Get' },
      'CLIENT',
      'shop.Stock/Get',
      { 'rpc.system': 'grpc', 'rpc.service': 'shop.Stock', 'rpc.method': 'Get' },
    ],
    [
      { kind: 'server', system: 'trpc', method: 'stock.get' },
      'SERVER',
      'stock.get',
      { 'rpc.system': 'trpc', 'rpc.method': 'stock.get' },
    ],
    [
      { kind: 'producer', system: 'rabbitmq', destination: 'orders' },
      'PRODUCER',
      'send orders',
      { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'orders' },
    ],
    [
      { kind: 'consumer', system: 'kafka', destination: 'orders', messages: 3 },
      'CONSUMER',
      'consume orders',
      {
        'messaging.system': 'kafka',
        'messaging.destination.name': 'orders',
        'messaging.batch.message_count': 3,
      },
    ],
    [{ kind: 'toString', system: 'own' }, 'INTERNAL', 'rpc', { 'rpc.system': 'own' }],
  ];
  for (const [call, kind, name, attributes] of rows) {
    await driver.write(point(newId(), {}, { rpc: call }, 'rpc'));
    const seen = receiver.spans.pop()!;
    assert.deepEqual(
      [seen.kind, seen.name, seen.attributes],
      [kind, name, { ...attributes, 'ostrace.rpc.kind': call['kind'] }],
    );
  }
});

test('a batch links to the points that have sent its messages; what is no link is left out', async () => {
  const sent = { base_id: newId(), trace_id: newId() };
  const links = [sent, null, 'a', { base_id: newId() }, { base_id: 1, trace_id: 2 }];
  await driver.write(point(newId(), {}, { rpc: { kind: 'consumer', links } }, 'rpc'));
  const digits = (id: string): string => id.replaceAll('-', '');
  assert.deepEqual(receiver.spans.pop()!.links, [
    { trace_id: digits(sent.base_id), span_id: digits(sent.trace_id).slice(16) },
  ]);
  await driver.write(point(newId(), {}, { rpc: { kind: 'consumer', links: 'a' } }, 'rpc'));
  assert.deepEqual(receiver.spans.pop()!.links, []);
});

test("ids are OSProfiler's bits, and one that has none has always the same", async () => {
  const { rows } = golden('ids') as { rows: { id: string; span_id_hex16: string; trace_id_hex32: string }[] };
  for (const { id, span_id_hex16, trace_id_hex32 } of rows) {
    await driver.write(point(id));
    const { span_id } = receiver.spans.pop()!;
    if (!/^0+$/.test(span_id_hex16)) assert.equal(span_id, span_id_hex16);
    if (!/^[\da-f-]{36}$/.test(id)) continue;
    await driver.write(linesOf(eventsOf({ name: 'p', id: '1', trace: id, start: 1, stop: 2 })));
    assert.equal(receiver.spans.pop()!.trace_id, trace_id_hex32);
  }
  await driver.write([
    ...linesOf(eventsOf({ name: 'p', id: 'short', start: 1, stop: 2 })),
    ...linesOf(eventsOf({ name: 'p', id: 'other', parent: 'short', start: 1, stop: 2 })),
  ]);
  const [parent, child] = receiver.spans;
  assert.equal(child!.parent_span_id, parent!.span_id);
  assert.notEqual(child!.span_id, parent!.span_id);
});

test("what points say has the names of OpenTelemetry's conventions, and times are exact", async () => {
  await driver.write(linesOf(shopTrace()), { isLast: true });
  const named = (name: string): SeenSpan => receiver.spans.find((span) => span.name === name)!;
  const server = receiver.spans.find(
    ({ name, resource }) => name.startsWith('GET') && resource['service.name'] === 'shop',
  )!;
  assert.equal(server.name, 'GET /orders/{id}');
  assert.deepEqual(server.attributes, {
    'http.request.method': 'GET',
    'url.path': '/orders/42',
    'url.query': 'full=1',
    'url.scheme': 'http',
    'http.response.status_code': 200,
  });
  assert.equal(server.startNano, `${Date.UTC(2026, 0, 2, 3, 4, 5)}120000`);
  assert.equal(server.endNano, `${Date.UTC(2026, 0, 2, 3, 4, 5) + 182}430000`);
  assert.deepEqual(named('db').attributes, {
    'db.system.name': 'postgresql',
    'db.operation.name': 'query',
    'db.namespace': 'shop',
    'server.address': '127.0.0.1',
    'server.port': 5432,
    'db.response.returned_rows': 3,
  });
  assert.match(String(named('SQL_SELECT').attributes['db.query.text']), /^SELECT id, total/);
  assert.deepEqual(
    receiver.spans.find(({ name, kind }) => name === 'GET /stock/{id}' && kind === 'CLIENT')!.attributes,
    {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': 4000,
      'url.path': '/stock/7',
      'http.response.status_code': 503,
      'error.type': '503',
    },
  );
  assert.deepEqual(named('command').attributes, {
    'process.executable.name': 'convert',
    'ostrace.command.shell': false,
    'process.pid': 4,
    'process.exit.code': 1,
  });
  assert.deepEqual(named('thread_main').attributes, { 'thread.id': 3 });
  assert.equal(named('task').attributes['code.function.name'], 'Cart.total');
});

test('a span is an error where the point failed, by its exception, its status or its exit code', async () => {
  const status = (code: number): Info => ({ response: { status_code: code } });
  const cases: [name: string, startInfo: Info, stopInfo: Info, isError: boolean][] = [
    ['wsgi', { request: { method: 'GET', path: '/' } }, status(404), false],
    ['wsgi', { request: { method: 'GET', path: '/' } }, status(500), true],
    ['http', { requests: { method: 'GET' } }, { requests: { status_code: 399 } }, false],
    ['http', { requests: { method: 'GET' } }, { requests: { status_code: 404 } }, true],
    ['command', {}, { command: { exit_code: 0 } }, false],
    ['command', {}, { command: { exit_code: 2 } }, true],
    ['task', {}, { etype: 'TypeError', message: 'x' }, true],
    ['task', {}, { etype: 'TypeError', message: null }, true],
    ['task', {}, { etype: null }, false],
  ];
  for (const [name, startInfo, stopInfo, isError] of cases) {
    await driver.write(point(newId(), stopInfo, startInfo, name));
    const { status: seen, events, attributes } = receiver.spans.pop()!;
    assert.equal(seen?.code, isError ? 2 : undefined, JSON.stringify(stopInfo));
    if (stopInfo['etype'] !== 'TypeError') continue;
    assert.equal(attributes['error.type'], 'TypeError');
    assert.equal(seen?.message, stopInfo['message'] ?? '');
    assert.deepEqual(events, [
      {
        name: 'exception',
        attributes: {
          'exception.type': 'TypeError',
          ...(stopInfo['message'] === 'x' && { 'exception.message': 'x' }),
        },
      },
    ]);
  }
});

test('the line of a repeated call has the names of the conventions', async () => {
  const code = { file: 'src/orders.js', line: 42, function: 'listOrders' };
  await driver.write(point('1', {}, { code }), { isLast: true });
  assert.deepEqual(receiver.spans.at(-1)!.attributes, {
    'code.file.path': 'src/orders.js',
    'code.line.number': 42,
    'code.function.name': 'listOrders',
  });
});

test('a start waits for its stop, however many batches later', async () => {
  const [start, stop] = point('1');
  await driver.write([start!]);
  assert.equal(receiver.received.length, 0);
  for (let i = 0; i < 3; i++) await driver.write(point(`other ${i}`));
  await driver.write([stop!]);
  const { startNano, endNano, attributes } = receiver.spans.at(-1)!;
  assert.equal(BigInt(endNano) - BigInt(startNano), 1000n);
  assert.deepEqual(attributes, {});
  await driver.write([], { isLast: true });
  assert.equal(receiver.spans.length, 4);
});

test('at the end, what has not ended is sent as such, once', async () => {
  const [start] = point('1', {}, { function: { name: 'hangs' } });
  await driver.write([start!]);
  const before = Date.now();
  await driver.write([point('2')[0]!], { isLast: true });
  assert.deepEqual(
    receiver.spans.map(({ attributes }) => attributes),
    [{ 'code.function.name': 'hangs', 'ostrace.unfinished': true }, { 'ostrace.unfinished': true }],
  );
  for (const { endNano, status } of receiver.spans) {
    assert.ok(BigInt(endNano) >= BigInt(before) * 1_000_000n);
    assert.equal(status, undefined);
  }
  await driver.write([], { isLast: true });
  assert.equal(receiver.spans.length, 2);
});

test('at the end, what cannot be sent is given back, with what waited', async () => {
  const [start, stop] = point('1');
  const [other] = point('2');
  await driver.write([start!, other!]);
  receiver.next({ status: 503 });
  const failed = driver.write([stop!], { isLast: true });
  await assert.rejects(async () => failed, { name: 'WriteError', refused: 0, again: [start, other, stop] });
  await driver.write([], { isLast: true });
  assert.equal(receiver.spans.length, 0);
  await driver.write([start!, other!, stop!], { isLast: true });
  assert.equal(receiver.spans.length, 2);
});

test('a batch that failed changes nothing: it comes again, and no half is lost or sent twice', async () => {
  const [first, firstStop] = point('1');
  const [second, secondStop] = point('2');
  await driver.write([first!]);
  const batch = [firstStop!, second!];
  for (let i = 0; i < 2; i++) {
    receiver.next({ status: 503 });
    await assert.rejects(async () => driver.write(batch), { name: 'HttpError' });
  }
  await driver.write(batch, { isRepeated: true });
  await driver.write([secondStop!]);
  assert.equal(receiver.spans.length, 2);
  assert.ok(receiver.spans.every(({ attributes }) => Object.keys(attributes).length === 0));
});

test('a stop without a start is a span without length, marked as such', async () => {
  await driver.write([point('1')[1]!]);
  const [span] = receiver.spans;
  assert.equal(span!.startNano, span!.endNano);
  assert.deepEqual(span!.attributes, { 'ostrace.startless': true });
});

test('a clock that was set back makes no span that ends before it starts', async () => {
  await driver.write(linesOf(eventsOf({ name: 'p', id: '1', start: 500, stop: 2 })));
  const [span] = receiver.spans;
  assert.equal(span!.startNano, span!.endNano);
});

test('what waits is bounded: the oldest starts are sent unfinished', async () => {
  const padding = 'x'.repeat(500_000);
  const points = Array.from({ length: 12 }, (_, i) => point(`${i}`, {}, { padding }));
  for (const [start] of points) await driver.write([start!]);
  const early = receiver.spans.length;
  assert.ok(early >= 3 && early <= 5, `${early}`);
  assert.ok(receiver.spans.every(({ attributes }) => attributes['ostrace.unfinished'] === true));
  await driver.write(points.map(([, stop]) => stop!));
  const later = receiver.spans.slice(early);
  assert.equal(later.length, 12);
  assert.equal(later.filter(({ attributes }) => attributes['ostrace.startless'] === true).length, early);
});

test('values of any type and size arrive as they are', async () => {
  const info = {
    mixed: [1, 'a', true, null, { b: 1 }],
    numbers: { zero: 0, negative: -1, large: Number.MAX_SAFE_INTEGER, fraction: 1.5, huge: 1e300 },
    'żółć 😀': '\u0000\ud800\n',
    deep: { a: { b: { c: { d: { e: { f: 1 } } } } } },
    lengths: Object.fromEntries([0, 1, 41, 42, 126, 127, 128, 16_383, 16_384].map((n) => [n, 'ß'.repeat(n)])),
  };
  await driver.write(point('1', {}, info));
  const { attributes } = receiver.spans[0]!;
  assert.deepEqual(attributes['ostrace.mixed'], [1, 'a', true, 'null', '{"b":1}']);
  for (const [name, value] of Object.entries(info.numbers)) {
    assert.equal(attributes[`ostrace.numbers.${name}`], value);
  }
  assert.equal(attributes['ostrace.żółć 😀'], '\u0000\ufffd\n');
  assert.equal(attributes['ostrace.deep.a.b.c.d'], '{"e":{"f":1}}');
  for (const [name, value] of Object.entries(info.lengths)) {
    assert.equal(attributes[`ostrace.lengths.${name}`], value === '' ? undefined : value);
  }
});

test('a batch of any shape is a request that the definitions can read', async () => {
  const roll = dice(1);
  const value = (): unknown =>
    [roll(1000) - 500, 'é'.repeat(roll(300)), roll(2) === 0, [roll(9)], {}][roll(5)];
  const random = (): Info => ({
    a: value(),
    b: { c: value(), d: value() },
    etype: roll(3) ? undefined : 'E',
  });
  let spans = 0;
  for (let i = 0; i < 30; i++) {
    const count = roll(60);
    spans += count;
    await driver.write(Array.from({ length: count }, () => point(newId(), random(), random())).flat());
  }
  assert.equal(receiver.spans.length, spans);
});

test('hostile lines are refused, and those beside them are sent', async () => {
  const torn = new Line(base_id, point('3')[0]!.text.slice(0, 50));
  const nameless = new Line(base_id, point('3')[0]!.text.replace('p-start', 'neither'));
  const early = lineOf({
    ...eventsOf({ name: 'p', id: '4', stop: 1 })[0]!,
    timestamp: '0001-01-01T00:00:00.000001',
  });
  const late = lineOf({
    ...eventsOf({ name: 'p', id: '5', stop: 1 })[0]!,
    timestamp: '9999-01-01T00:00:00.000001',
  });
  receiver.next({ status: 200 });
  await driver.write([early, late]);
  const written = driver.write([torn, ...point('1'), nameless]);
  await assert.rejects(async () => written, { name: 'WriteError', refused: 2, again: [] });
  assert.equal(receiver.spans.length, 1);
});

test('the spans that a collector rejects count as refused', async () => {
  receiver.next(partialSuccess(2, 'too\nold'));
  const written = driver.write([1, 2, 3].flatMap((id) => point(`${id}`)));
  await assert.rejects(async () => written, {
    name: 'WriteError',
    refused: 4,
    again: [],
    message: /: too old$/,
  });
  receiver.next(partialSuccess(0, 'only a warning'));
  await driver.write(point('4'));
});

test('an answer decides whether the same lines come again', async () => {
  const cases: [status: number, isLater: boolean, isCertain: boolean, message: RegExp][] = [
    [400, false, true, /refuses a part: HTTP 400: no such thing$/],
    [422, false, true, /HTTP 422/],
    [401, true, true, /check the user and the password in the connection string/],
    [403, true, true, /check the user, the password and the rights of the user/],
    [404, true, true, /check the connection string/],
    [405, true, true, /check the path in the connection string/],
    [407, true, true, /a proxy requires credentials; add them as a header to the connection string/],
    [429, true, true, /too many requests/],
    [500, true, false, /HTTP 500/],
    [502, true, false, /HTTP 502/],
    [503, true, false, /HTTP 503/],
    [504, true, false, /HTTP 504/],
    [301, true, true, /name its new address/],
  ];
  for (const [status, isLater, isCertain, message] of cases) {
    receiver.next({ status, body: '{"message":"no such\\nthing"}' });
    const written = driver.write(point(newId()));
    if (isLater) await assert.rejects(async () => written, { name: 'HttpError', isCertain, message });
    else await assert.rejects(async () => written, { name: 'WriteError', refused: 2, again: [], message });
  }
  await driver.write(point('1'));
  assert.equal(receiver.spans.length, 1);
});

test('what is too large is sent in halves, and a span that is too large alone is refused', async () => {
  receiver.next({ status: 413 }, { status: 413 }, { status: 413 });
  const written = driver.write([1, 2, 3, 4].flatMap((id) => point(`${id}`)));
  await assert.rejects(async () => written, { name: 'WriteError', refused: 2, again: [] });
  assert.equal(receiver.spans.length, 3);
});

test('a batch of which a half was sent is not said to be unsent', async () => {
  receiver.next({ status: 413 }, { status: 200 }, { status: 401 });
  const written = driver.write([1, 2].flatMap((id) => point(`${id}`)));
  await assert.rejects(async () => written, { name: 'DriverError', isCertain: false, message: /HTTP 401/ });
});

test('spans are sent packed, over one connection, to the path and with the headers of the URL', async () => {
  await driver.close();
  await receiver.stop();
  receiver = await openOtlpReceiver('/base/v1/traces');
  for (const path of ['/base', '/base/', '/base/v1/traces']) {
    driver = open(`otlp://127.0.0.1:${receiver.port}${path}?header.x-team=a%20b`);
    await driver.write(point('1'));
    await driver.write(point('2'));
    await driver.close();
  }
  assert.equal(receiver.spans.length, 6);
  assert.equal(receiver.connections(), 3);
  assert.equal(receiver.received[0]!.headers['content-encoding'], 'gzip');
  assert.equal(receiver.received[0]!.headers['x-team'], 'a b');
});

test('a user and a password, or a token alone, are sent as such', async () => {
  for (const [user, expected] of [
    ['me:p%40%25ss', `Basic ${Buffer.from('me:p@%ss').toString('base64')}`],
    [':t%2Fken', 'Bearer t/ken'],
  ] as const) {
    const other = open(`otlp://${user}@127.0.0.1:${receiver.port}`);
    await other.write(point('1'));
    await other.close();
    assert.equal(receiver.received.at(-1)!.headers.authorization, expected);
  }
});

test('each span is of the service and the host that its events name', async () => {
  const [start, stop] = eventsOf({ name: 'p', id: '2', start: 1, stop: 2, service: 'other' });
  const { project: _, service: __, ...bare } = eventsOf({ name: 'p', id: '3', stop: 1 })[0]!;
  const lines = [...point('1'), ...linesOf([start!, stop!])];
  await driver.write([...lines, new Line(base_id, JSON.stringify({ ...bare, info: {} }))]);
  assert.deepEqual(
    receiver.spans.map(({ resource }) => resource),
    [
      { 'service.name': 'shop', 'service.namespace': 'test', 'host.name': 'test-host' },
      { 'service.name': 'other', 'service.namespace': 'test', 'host.name': 'test-host' },
      { 'service.name': 'peer', 'service.namespace': 'golden', 'host.name': 'golden-host' },
    ],
  );
});

test('reading says what to do instead, and a check sends nothing but an empty request', async () => {
  for (const read of [() => driver.list(), () => driver.listErrors(), () => driver.read(base_id)]) {
    await assert.rejects(read, {
      name: 'DriverError',
      message: /^otlp:\/\/ can only be written to; look at/,
    });
  }
  assert.equal(await driver.check(), `otlp://127.0.0.1:${receiver.port} takes spans`);
  assert.deepEqual(receiver.spans, []);
});

test("an application's points arrive as spans", async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    profiler.trace('whole', () => profiler.trace('piece', () => {}));
  `;
  const { stderr, code: exit } = await run(t, '-e', {
    args: [code],
    env: {
      ...on,
      OSTRACE_PROFILE: key,
      OSTRACE_CONNECTION_STRING: `otlp://127.0.0.1:${receiver.port}`,
    },
  });
  assert.deepEqual([exit, stderr], [0, '']);
  const named = (name: string): SeenSpan => receiver.spans.find((span) => span.name === name)!;
  assert.equal(named('piece').parent_span_id, named('whole').span_id);
  assert.equal(named('whole').parent_span_id, named('process').span_id);
  assert.equal(named('process').parent_span_id, null);
  assert.equal(named('process').resource['service.name'], 'scenario');
});
