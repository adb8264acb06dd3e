// A process that signs with a key believes it, too.
// needs: agent
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { traceHeaders } from '../src/trace/headers.js';
import { type SeenPoint, on, run, scenario, treeOf } from './scenario.js';

const enabled = { OSTRACE_ENABLED: 'true' };

/** The paths that were served below the request that asked for them. */
function nested(points: readonly SeenPoint[], below?: SeenPoint): string[] {
  return points.flatMap((point) => {
    const { request, requests } = point.start.info as Record<string, { path?: string }>;
    const asked = (below?.start.info as Record<string, { path?: string }> | undefined)?.['requests'];
    const isNested = point.name === 'wsgi' && request!.path === asked?.path;
    assert.ok(point.name !== 'wsgi' || isNested, `${request?.path} is served below ${below?.name}`);
    assert.ok(point.name !== 'http' || point.children.length === 1, `${requests?.path} is not served`);
    return [...(isNested ? [request!.path!] : []), ...nested(point.children, point)];
  });
}

const oneTree = (events: readonly Event[]): string[] => {
  const roots = treeOf(events);
  assert.equal(new Set(roots.map(({ start }) => start.base_id)).size, 1, 'one trace');
  return nested(roots).toSorted();
};

for (const keys of [undefined, 'others']) {
  test(`OSTRACE_PROFILE, OSTRACE_HMAC_KEYS=${keys}: what a program asks of its own server is nested`, async (t) => {
    const env = { ...enabled, OSTRACE_PROFILE: 'k', OSTRACE_HMAC_KEYS: keys };
    const { events, stderr, code } = await run(t, scenario('own-keys.cjs'), { env, args: [''] });
    assert.deepEqual([stderr, code], ['', 0]);
    assert.deepEqual(oneTree(events), ['/child', '/main', '/thread', '/worker']);
  });
}

test('the same with OSTRACE_HMAC_MAX_AGE and OSTRACE_DEBUG, by which nothing is refused', async (t) => {
  const env = { ...enabled, OSTRACE_PROFILE: 'k', OSTRACE_HMAC_MAX_AGE: '60', OSTRACE_DEBUG: 'true' };
  const { events, stderr } = await run(t, scenario('own-keys.cjs'), { env, args: [''] });
  assert.doesNotMatch(stderr, /refused/);
  assert.deepEqual(oneTree(events), ['/child', '/main', '/thread', '/worker']);
});

for (const keys of [undefined, 'others', 'own']) {
  test(`profiler.init, OSTRACE_HMAC_KEYS=${keys}: a trace that the program begins goes on in its own server`, async (t) => {
    const env = { ...enabled, OSTRACE_HMAC_KEYS: keys };
    const { events, stderr, code } = await run(t, scenario('own-keys.cjs'), { env, args: ['own'] });
    assert.deepEqual([stderr, code], ['', 0]);
    assert.deepEqual(oneTree(events), ['/main', '/thread']);
  });
}

test('a key of profiler.init triggers nothing but the trace that was begun with it, and only while that lives', async (t) => {
  const code = `
    const { createServer } = require('node:http');
    const { profiler } = require('ostrace');
    const server = createServer((request, response) => {
      if (request.url === '/begin') {
        profiler.init('own');
        response.end(JSON.stringify(profiler.traceHeaders()));
        setTimeout(() => profiler.clean(), 300);
      } else {
        response.end(String(profiler.get()?.base_id));
        if (request.url === '/end') process.exit();
      }
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const seen: Record<string, string> = {};
  await run(t, '-e', {
    args: [code],
    env: on,
    onReady: async (port) => {
      const ask = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
        (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
      const other = traceHeaders({ base_id: newId(), parent_id: newId(), hmac_key: 'own' });
      seen['before it began'] = await ask('/x', other);
      const begun = JSON.parse(await ask('/begin')) as Record<string, string>;
      seen['another trace'] = await ask('/x', other);
      seen['the trace'] = await ask('/x', begun);
      seen['signed by nobody'] = await ask('/x', { ...begun, 'X-Trace-HMAC': 'a'.repeat(40) });
      await untilEnded(t, () => ask('/x', begun));
      seen['when it has ended'] = await ask('/x', begun);
      await ask('/end').catch(() => {});
    },
  });
  const { 'the trace': own, ...others } = seen;
  assert.match(own!, /^[0-9a-f-]{36}$/);
  assert.deepEqual(new Set(Object.values(others)), new Set(['undefined']));
});

/** Asks until the trace that the headers name has ended, seldom enough to let it. */
async function untilEnded(t: TestContext, ask: () => Promise<string>): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    if ((await ask()) === 'undefined') return;
  }
  t.diagnostic('it has not ended');
}
