// One definition of "failed": which stops are failures, and that the report and all stores agree.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createBulk } from '../src/drivers/elasticsearch/bulk.js';
import { Line } from '../src/drivers/line.js';
import type { HttpClient } from '../src/drivers/http/client.js';
import { pointsOf } from '../src/drivers/influxdb/points.js';
import { describe } from '../src/drivers/spans/attributes.js';
import { createSpanPairs } from '../src/drivers/spans/pairs.js';
import { countErrors } from '../src/report/errors.js';
import { renderTree } from '../src/report/text.js';
import { buildTree } from '../src/report/tree.js';
import type { Event, Info } from '../src/trace/event.js';
import { type PointMade, eventsOf } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { on, run, signedHeaders } from './scenario.js';

const server = (status_code: unknown): Info => ({ response: { status_code } });
const client = (status_code: unknown): Info => ({ requests: { status_code } });
const aborted = { etype: 'Aborted', message: 'the connection was closed before the response was complete' };

/** What a stop says, and whether that is a failure. */
const stops: readonly (readonly [name: string, stop: Info, isFailed: boolean])[] = [
  ['task', {}, false],
  ['task', { etype: 'TypeError', message: 'x' }, true],
  ['task', { etype: 'TypeError', message: null }, true],
  ['task', { etype: '' }, true],
  ['task', { etype: null }, false],
  ['task', { text: '"etype":"TypeError"', status_code: 500, exit_code: 1 }, false],
  ['wsgi', server(200), false],
  ['wsgi', server(404), false],
  ['wsgi', server(499), false],
  ['wsgi', server(500), true],
  ['wsgi', server(503), true],
  ['wsgi', server('503'), true],
  ['wsgi', server(null), false],
  ['wsgi', { ...aborted, ...server(200) }, true],
  ['http', client(302), false],
  ['http', client(404), true],
  ['https', client(503), true],
  ['http', { cancelled: true }, false],
  ['http', { cancelled: true, ...client(200) }, false],
  ['http', { cancelled: true, ...client(503) }, true],
  ['command', { command: { pid: 1, exit_code: 0 } }, false],
  ['command', { command: { pid: 1, exit_code: 2 } }, true],
  ['command', { command: { pid: 1, signal: 'SIGSEGV' } }, true],
  ['command', { cancelled: true, command: { pid: 1, signal: 'SIGTERM' } }, false],
  ['command', { cancelled: true, command: { pid: 1, exit_code: 143 } }, false],
  ['thread', { thread: { thread_id: 1, exit_code: 1 } }, true],
  ['thread', { cancelled: true, thread: { thread_id: 1, exit_code: 1 } }, false],
  ['process', { process: { exit_code: 1 } }, true],
  ['process', { process: { exit_code: 143, signal: 'SIGTERM' } }, false],
];

test('a point failed by its stop alone, and all that judge it agree', () => {
  for (const [name, stopInfo, isFailed] of stops) {
    const what = `${name} ${JSON.stringify(stopInfo)}`;
    const events = eventsOf({ name, id: '1', start: 1, stop: 2, stopInfo });
    assert.equal(countErrors(buildTree(events)), isFailed ? 1 : 0, what);
    const printed = [...renderTree(buildTree(events), { width: undefined, colour: false })].join('');
    assert.equal(printed.includes('✗'), isFailed, printed);
    assert.equal(printed.includes('1 error'), isFailed, printed);
    assert.equal(printed.includes('cancelled'), stopInfo['cancelled'] === true, printed);
    const stop = events[1]!;
    // As JavaScript writes it, and as Python does.
    const python = JSON.stringify(stop, null, 1).replaceAll(/\n */g, ' ');
    for (const text of [JSON.stringify(stop), python]) {
      assert.equal(new Line(stop.base_id, text).failedStop?.trace_id, isFailed ? '1' : undefined, what);
    }
    const [span] = createSpanPairs().pair(linesOf(events), true).spans;
    assert.equal(describe(span!).isFailed, isFailed, what);
  }
});

test('a start makes no point a failed one, in no store', async () => {
  const startInfo = {
    etype: 'TypeError',
    message: 'x',
    ...server(500),
    ...client(500),
    command: { exit_code: 1 },
  };
  const events = eventsOf({ name: 'task', id: '1', start: 1, stop: 2, startInfo });
  const lines = linesOf(events);
  assert.equal(countErrors(buildTree(events)), 0);
  assert.deepEqual(
    lines.map((line) => line.failedStop),
    [undefined, undefined],
  );
  const { points } = pointsOf(lines, settings);
  assert.deepEqual(
    points.map((point) => point.split(',')[0]),
    ['events', 'events'],
  );
  assert.equal(await documentsFor(lines), 2);
});

test('an answer of 500 lists its trace, in the stores that had a look of their own too', async () => {
  const lines = linesOf(eventsOf({ name: 'wsgi', id: '1', start: 1, stop: 2, stopInfo: server(500) }));
  const { points } = pointsOf(lines, settings);
  assert.deepEqual(
    points.map((point) => point.split(',')[0]),
    ['events', 'events', 'errors'],
  );
  assert.equal(await documentsFor(lines), 3);
});

test('of a service, `trace list --error-trace` knows the requests that failed, and those alone', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    const server = require('node:http').createServer((request, response) => {
      const status = Number(request.url.slice(1));
      profiler.trace('work', { etype: 'none', message: 'said at a start' }, () => {});
      if (status === 0) server.close(() => process.exit());
      response.writeHead(status || 200).end();
      if (status === 0) server.closeAllConnections();
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  `;
  const asked = new Map([200, 404, 500, 503].map((status) => [status, signedHeaders()]));
  const { files, stderr } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_FILTER_ERROR_TRACE: 'true' },
    onReady: async (port) => {
      for (const [status, { headers }] of asked) {
        await (await fetch(`http://127.0.0.1:${port}/${status}`, { headers })).text();
      }
      await fetch(`http://127.0.0.1:${port}/0`).catch(() => {});
    },
  });
  assert.equal(stderr, '');
  const listed = [...asked].filter(([, { base_id }]) => files.includes(`${base_id}.error`));
  assert.deepEqual(
    listed.map(([status]) => status),
    [500, 503],
  );
  assert.equal(files.length, 6);
});

const settings = {
  filterErrorTrace: true,
  project: 'p',
  service: 's',
  host: 'h',
  transportUrl: undefined,
  keepFor: undefined,
  keepSize: undefined,
};

/** How many documents Elasticsearch is given for lines. */
async function documentsFor(lines: readonly Line[]): Promise<number> {
  let documents = 0;
  const http = {
    path: '',
    label: 'elasticsearch',
    send({ body = '' }: { body?: string | Buffer }) {
      documents = String(body).trim().split('\n').length / 2;
      const items = Array.from({ length: documents }, () => ({ create: { status: 201 } }));
      return Promise.resolve({ status: 200, body: JSON.stringify({ items }), headers: {} });
    },
  };
  const names = { events: 'e', errors: 'x', documentType: '' };
  await createBulk(http as unknown as HttpClient, names).store(lines, {
    isTyped: false,
    filterErrorTrace: true,
  });
  return documents;
}

/** A tree in the form `name: what its stop says` with children below. */
interface Node extends ReadonlyArray<string | Info | Node> {
  readonly 0: string;
  readonly 1: Info;
}

function eventsIn(node: Node, parent?: string, id = '0'): Event[] {
  const [name, stopInfo] = node;
  const children = node.slice(2) as readonly Node[];
  const made: PointMade = { name, id, start: 1, stop: 9, stopInfo, ...(parent !== undefined && { parent }) };
  return [...eventsOf(made), ...children.flatMap((child, i) => eventsIn(child, id, `${id}.${i}`))];
}

const unique = { etype: '23505', message: 'duplicate key value violates unique constraint "***"' };
const thrown = { ...unique, message: 'duplicate key value violates unique constraint "users_pkey"' };
const refused = { etype: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' };

const counted: Readonly<Record<string, readonly [errors: number, tree: Node]>> = {
  'a failed query and its statement': [1, ['db', unique, ['sql', unique]]],
  'a pool’s call, its client’s and the statement': [1, ['db', unique, ['db', unique, ['sql', unique]]]],
  'the function around a query, which sees the whole message': [1, ['save', thrown, ['db', unique]]],
  'a request that answers 500 because of a query': [
    1,
    ['wsgi', server(500), ['handler', {}, ['db', unique, ['sql', unique]]]],
  ],
  'a request of another service that answers 500 because of it': [
    1,
    ['wsgi', server(502), ['http', client(500), ['wsgi', server(500), ['db', unique]]]],
  ],
  'an answer of 500 by itself, at both ends': [1, ['http', client(500), ['wsgi', server(500)]]],
  'an answer of 404, which is a failure of the client alone': [
    1,
    ['http', client(404), ['wsgi', server(404)]],
  ],
  'a command whose process failed': [
    1,
    ['command', { command: { exit_code: 1 } }, ['process', { process: { exit_code: 1 } }]],
  ],
  'three attempts': [3, ['wsgi', server(500), ['db', refused], ['db', refused], ['db', refused]]],
  'two different errors, one below the other': [
    2,
    ['work', { etype: 'TypeError', message: 'x' }, ['db', unique]],
  ],
  'the same class with another message': [
    2,
    ['work', { etype: 'Error', message: 'one' }, ['work', { etype: 'Error', message: 'two' }]],
  ],
  'a failure that was dealt with': [1, ['wsgi', server(200), ['db', unique, ['sql', unique]]]],
  'an exchange that broke off, seen from both ends': [
    1,
    ['http', { etype: 'ECONNRESET', message: 'socket hang up' }, ['wsgi', aborted]],
  ],
  'an answer that its reader gave up, in the middle': [
    0,
    ['http', { cancelled: true, ...client(200) }, ['wsgi', { ...aborted, ...server(200) }]],
  ],
  'a bad answer that was given up': [
    1,
    ['http', { cancelled: true, ...client(503) }, ['wsgi', { ...aborted, ...server(503) }]],
  ],
  'a request whose client went away': [1, ['wsgi', aborted]],
  nothing: [0, ['wsgi', server(200), ['db', {}]]],
};

for (const [what, [errors, tree]] of Object.entries(counted)) {
  test(`errors are counted where they happen: ${what}`, () => {
    const events = eventsIn(tree);
    assert.equal(countErrors(buildTree(events)), errors);
    assert.equal(countErrors(buildTree(events.toReversed())), errors);
  });
}
