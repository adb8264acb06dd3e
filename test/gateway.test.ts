// What the application passes on of the headers that it got: what it asks is below its own request, wherever the
// headers came from.
// needs: agent packages
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { traceHeaders, verifyHeaders } from '../src/trace/headers.js';
import { newId } from '../src/trace/ids.js';
import { type Read, openHosts } from './fixtures/hosts.js';
import { key, on, run, scenario, shape, treeOf } from './scenario.js';
import { installed } from './versions/installed.js';

const packages = [
  'http-proxy@1.18.1',
  'http-proxy-middleware@3.0.5',
  '@fastify/http-proxy@11.3.0',
  'fastify@5.6.1',
];

test('a gateway that passes headers on: the backend is below the request that asks it, with no stale header', async (t) => {
  const { ports, take } = await openHosts(t);
  const modules = installed(...packages);
  const asked = new Map<string, { base_id: string; reads: readonly Read[] }>();
  const { events, stdout, stderr } = await run(t, scenario('gateway.cjs'), {
    args: [JSON.stringify({ ports }), modules],
    nodeArgs: ['--no-warnings'],
    // Its own server and both spellings of this machine.
    env: { ...on, OSTRACE_HMAC_MAX_AGE: '60' },
    onReady: async (line) => {
      const { port, names } = JSON.parse(line) as { port: number; names: string[] };
      for (const [i, name] of names.entries()) {
        const base_id = newId();
        const headers = traceHeaders({ base_id, parent_id: base_id, hmac_key: key });
        await (await fetch(`http://127.0.0.1:${port}/${i}`, { headers })).text();
        asked.set(name, { base_id, reads: take() });
      }
      await fetch(`http://127.0.0.1:${port}/end`).catch(() => {});
    },
  });
  assert.deepEqual([stdout.split('\n').slice(1), stderr], [[''], '']);
  for (const [name, { base_id, reads }] of asked) {
    const [wsgi] = treeOf(events, base_id);
    assert.equal(shape([wsgi!]), 'wsgi(http)', name);
    assert.equal(reads.length, 1, name);
    const { headers, names, parent_id } = reads[0]!;
    const ours = names.map((each) => each.toLowerCase()).filter((each) => each.startsWith('x-trace-'));
    const [kind] = name.split(': ');
    if (kind === 'not for it') assert.deepEqual(ours, [], name);
    else if (kind === 'another')
      assert.ok(ours.length > 0 && parent_id !== wsgi!.children[0]!.start.trace_id, name);
    else {
      assert.deepEqual(ours.toSorted(), ['x-trace-hmac', 'x-trace-info', 'x-trace-time'], name);
      const told = verifyHeaders(headers, [key], 60);
      assert.deepEqual(
        told && [told.base_id, told.parent_id],
        [base_id, wsgi!.children[0]!.start.trace_id],
        name,
      );
    }
  }
  assert.ok(asked.size > 30);
});

test('headers that are passed on where no point is made go to nobody who may not have them, and stay where they may', async (t) => {
  const { ports, take } = await openHosts(t);
  const stranger = traceHeaders({ base_id: newId(), parent_id: newId(), hmac_key: 'of another' });
  let reads: readonly Read[] = [];
  const { stdout, stderr } = await run(t, scenario('passed-on.cjs'), {
    args: [JSON.stringify({ ports })],
    env: { ...on, OSTRACE_PROPAGATE_TO: 'localhost' },
    onReady: async (line) => {
      const ask = async (place: string, headers = {}): Promise<void> => {
        await (await fetch(`http://127.0.0.1:${line}${place}`, { headers })).text();
      };
      for (const place of ['/nobody', '/late']) {
        const base_id = newId();
        await ask(place, traceHeaders({ base_id, parent_id: base_id, hmac_key: key }));
      }
      // Others are live meanwhile.
      await ask('/untraced', stranger);
      await ask('/end').catch(() => {});
      reads = take();
    },
  });
  assert.deepEqual([stdout.split('\n').slice(1), stderr], [[''], '']);
  const counts: Record<string, number> = {};
  for (const { url, names } of reads) {
    const [, place = '', host, client] = url.split('/');
    const ours = names.filter((name) => /^x-trace-/i.test(name)).length;
    const isFirst = client === 'undici-a-busy-pool' && counts[url] === undefined;
    counts[url] = (counts[url] ?? 0) + 1;
    if (isFirst) continue;
    // Whose it is that is sent when another was answered nobody can tell.
    const isKnown = place === 'untraced' && client !== 'undici-a-busy-pool';
    assert.equal(ours, host === 'localhost' || isKnown ? 3 : 0, url);
  }
  assert.ok(reads.length >= 3 * 2 * 10, String(reads.length));
});
