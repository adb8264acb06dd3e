// A filter of `ostrace ui` that looks through a slow store.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';

import { readTemplate } from '../src/cli/page-file.js';
import type { ListPage } from '../src/report/page/list-types.js';
import { Requests } from '../src/serve/requests.js';
import { createUiServer } from '../src/serve/server.js';
import type { TraceSource } from '../src/serve/source.js';
import { newId } from '../src/trace/ids.js';
import { shopTrace } from './fixtures/events.js';

/** A store that takes so long for each trace. */
function slowSource(readMs: number): { readonly source: TraceSource; readonly reads: () => number } {
  const ids = Array.from({ length: 1000 }, newId);
  const events = shopTrace();
  let reads = 0;
  const source: TraceSource = {
    name: () => 'slow',
    canList: () => true,
    async page(count, last) {
      const from = last === undefined ? 0 : ids.indexOf(last) + 1;
      const own = ids.slice(from, from + count);
      const traces = own.map((base_id) => ({ base_id, timestamp: '2026-01-01T00:00:00.000000' }));
      return { traces, total: ids.length, next: own.at(-1), isWhole: true };
    },
    async read() {
      reads++;
      await after(readMs);
      return { events, skipped: 0 };
    },
  };
  return { source, reads: () => reads };
}

async function listening(t: TestContext, source: TraceSource): Promise<string> {
  const mistakes: unknown[] = [];
  const sender = {
    refusal: 'nothing is sent here',
    check() {},
    send: () => Promise.reject(new Error('nothing is sent here')),
  };
  const server = createUiServer({
    template: readTemplate(),
    source,
    requests: new Requests(sender, []),
    version: '0.0.0',
    token: undefined,
    isOurs: () => true,
    isOfStore: () => false,
    onMistake: (error) => mistakes.push(error),
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
    assert.deepEqual(mistakes, []);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/traces?filter=route:/nowhere`;
}

test('nobody reads on for a browser that has left', async (t) => {
  const { source, reads } = slowSource(100);
  const asked = request(await listening(t, source), { agent: false }).end();
  asked.on('error', () => {});
  await after(350);
  asked.destroy();
  await after(300);
  const then = reads();
  assert.ok(then > 0);
  await after(500);
  assert.equal(reads(), then);
});

test('however slow the store is, a filter answers in time, and goes on from there', async (t) => {
  const { source, reads } = slowSource(600);
  const startedAt = performance.now();
  const response = await fetch(await listening(t, source));
  const { examined, next } = (await response.json()) as ListPage;
  assert.ok(performance.now() - startedAt < 6000);
  assert.ok(examined >= 16 && examined === reads(), String(examined));
  assert.notEqual(next, undefined);
});
