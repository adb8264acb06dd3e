// Collections of garbage as points of the traces during which they happened.
// needs: agent
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { type SeenPoint, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

interface Asked {
  readonly points: readonly SeenPoint[];
  readonly events: readonly Event[];
}

/** What is recorded of requests, which are sent one after the other. */
async function asked(
  t: TestContext,
  paths: readonly string[],
  { isTraced = true, env = {} }: { isTraced?: boolean; env?: Record<string, string> } = {},
): Promise<Asked[]> {
  const requests = paths.map((path) => ({ path, ...signedHeaders() }));
  const { allEvents, stderr, code } = await run(t, scenario('collections.cjs'), {
    env: { ...on, ...env },
    onReady: async (port) => {
      for (const { path, headers } of requests) {
        await (await fetch(`http://127.0.0.1:${port}${path}`, isTraced ? { headers } : {})).text();
      }
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  assert.deepEqual([stderr, code], ['', 0]);
  return requests.map(({ base_id }) => ({
    points: treeOf(allEvents, base_id, allEvents),
    events: allEvents.filter((event) => event.base_id === base_id),
  }));
}

const collections = (points: readonly SeenPoint[]): SeenPoint[] =>
  points.flatMap((point) => [...(point.name === 'gc' ? [point] : []), ...collections(point.children)]);

test('a collection is a point of the request during which it happened, and has its own times', async (t) => {
  const [busy] = await asked(t, ['/collects?times=3']);
  const [wsgi] = busy!.points;
  const found = collections(busy!.points).filter(
    ({ start }) => (start.info['gc'] as { kind: string }).kind === 'major',
  );
  assert.equal(found.length, 3, shape(busy!.points));
  for (const { start, stop } of found) {
    assert.equal(start.parent_id, wsgi!.start.trace_id);
    assert.ok(start.timestamp >= wsgi!.start.timestamp && stop!.timestamp <= wsgi!.stop!.timestamp);
    assert.ok(
      Date.parse(stop!.timestamp) - Date.parse(start.timestamp) >= 0 && stop!.timestamp > start.timestamp,
    );
    assert.deepEqual([start.info['loop'], stop!.info['loop']], [undefined, undefined], 'it is of the past');
  }
});

test('what is collected for one request is in no other one’s trace', async (t) => {
  const [first, , last] = await asked(t, ['/none', '/collects?times=2', '/none']);
  const majors = [first, last].flatMap((each) =>
    collections(each!.points).filter(({ start }) => (start.info['gc'] as { kind: string }).kind === 'major'),
  );
  assert.deepEqual(majors, []);
});

test('a trace has a hundred of them, and says how many more there were', async (t) => {
  const [busy] = await asked(t, ['/collects?times=130']);
  const found = collections(busy!.points);
  assert.equal(found.length, 100);
  const said = busy!.events
    .filter(({ name }) => name === 'left_out-start')
    .map(({ info }) => info['left_out']);
  const total = said.reduce<number>((sum, each) => sum + (each as { gc: number }).gc, 0);
  assert.ok(total >= 30, JSON.stringify(said));
  assert.ok(said.every((each) => (each as { gc_ms: number }).gc_ms > 0));
});

test('a collection in a worker thread is one of that thread', async (t) => {
  const [busy] = await asked(t, ['/thread']);
  const majors = collections(busy!.points).filter(
    ({ start }) => (start.info['gc'] as { kind: string }).kind === 'major',
  );
  const main = busy!.points[0]!.children[0]!.children.find(({ name }) => name === 'thread_main');
  assert.equal(majors.length, 2, shape(busy!.points));
  for (const { start } of majors) assert.equal(start.parent_id, main!.start.trace_id);
});

test('while nothing is traced, nothing is observed', async (t) => {
  const [none] = await asked(t, ['/collects?times=3'], { isTraced: false });
  assert.deepEqual(none!.events, []);
});

test('OSTRACE_TRACE_GC=false: no collection is told of', async (t) => {
  const [quiet] = await asked(t, ['/collects?times=3'], { env: { OSTRACE_TRACE_GC: 'false' } });
  assert.deepEqual(collections(quiet!.points), []);
});
