// Against a stand-in for Zipkin: test/stand-ins/zipkin.ts. Pairing, failures and halves are those of every store of
// spans: otlp-driver.test.ts.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import type { Driver } from '../src/drivers/driver.js';
import { open } from './fixtures/drivers.js';
import { base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { type ZipkinReceiver, openZipkinReceiver } from './stand-ins/zipkin.js';

let receiver: ZipkinReceiver;
let driver: Driver;

beforeEach(async () => {
  receiver = await openZipkinReceiver();
  driver = open(`zipkin://127.0.0.1:${receiver.port}`);
});

afterEach(async () => {
  await driver.close();
  await receiver.stop();
});

const second = Date.UTC(2026, 0, 2, 3, 4, 5) * 1000;

test('a trace is spans of version 2, with their times in microseconds and their parents', async () => {
  const trace = 'aaaaaaaa-0000-4000-8000-000000000001';
  const [root, child] = ['aaaaaaaa-0000-4000-8000-000000000002', 'AAAAAAAA-0000-4000-8000-00000000000F'];
  const request = { method: 'GET', path: '/x', query: '', scheme: 'http' };
  const requests = { method: 'PUT', scheme: 'http', hostname: 'stock', port: 4000, path: '/7', query: 'a=b' };
  await driver.write(
    linesOf([
      ...eventsOf({ name: 'wsgi', id: root, trace, start: 5, stop: 505, startInfo: { request } }),
      ...eventsOf({
        name: 'http',
        id: child,
        parent: root,
        trace,
        start: 7,
        stop: 7,
        startInfo: { requests },
      }),
    ]),
  );
  assert.deepEqual(receiver.spans, [
    {
      traceId: 'aaaaaaaa000040008000000000000001',
      id: '8000000000000002',
      kind: 'SERVER',
      name: 'GET /x',
      timestamp: second + 5,
      duration: 500,
      localEndpoint: { serviceName: 'shop' },
      tags: {
        'host.name': 'test-host',
        'service.namespace': 'test',
        'http.request.method': 'GET',
        'url.path': '/x',
        'url.scheme': 'http',
      },
    },
    {
      traceId: 'aaaaaaaa000040008000000000000001',
      parentId: '8000000000000002',
      id: '800000000000000f',
      kind: 'CLIENT',
      name: 'PUT /{id}',
      timestamp: second + 7,
      duration: 1,
      localEndpoint: { serviceName: 'shop' },
      remoteEndpoint: { serviceName: 'stock', port: 4000 },
      tags: {
        'host.name': 'test-host',
        'service.namespace': 'test',
        'http.request.method': 'PUT',
        'url.scheme': 'http',
        'server.address': 'stock',
        'server.port': '4000',
        'url.path': '/7',
        'url.query': 'a=b',
        'url.full': 'http://stock:4000/7?a=b',
      },
    },
  ]);
});

test('a failed point has the tag by which Zipkin knows it, and all kinds of points are taken', async () => {
  await driver.write(linesOf(shopTrace()), { isLast: true });
  const errors = receiver.spans.map(({ name, tags }) => [name, tags['error']]).filter(([, error]) => error);
  assert.deepEqual(errors, [
    ['GET /stock/{id}', '503'],
    ['GET /stock/{id}', 'x is not a function'],
    ['command', 'true'],
  ]);
  assert.deepEqual(
    receiver.spans.filter(({ tags }) => tags['ostrace.unfinished'] === 'true').map(({ name }) => name),
    ['thread'],
  );
});

test('what Zipkin refuses is refused for good', async () => {
  receiver.next({ status: 400, type: 'text/plain', body: 'Expected a JSON_V2 encoded list' });
  const written = driver.write(linesOf(shopTrace()));
  const message = /refuses a part: HTTP 400: Expected a JSON_V2 encoded list$/;
  await assert.rejects(async () => written, { name: 'WriteError', refused: 16, again: [], message });
});

test('a path before Zipkin is kept, reading says what to do instead, and a check leaves nothing', async () => {
  await driver.close();
  await receiver.stop();
  receiver = await openZipkinReceiver('/zipkin/api/v2/spans');
  driver = open(`zipkin://127.0.0.1:${receiver.port}/zipkin/`);
  await driver.write(linesOf(eventsOf({ name: 'p', id: '1', start: 1, stop: 2 })));
  assert.equal(receiver.spans.length, 1);
  await assert.rejects(driver.read(base_id), { message: /^zipkin:\/\/ can only be written to; look at/ });
  assert.equal(await driver.check(), `zipkin://127.0.0.1:${receiver.port} takes spans`);
  assert.equal(receiver.spans.length, 1);
});
