// What events say of the event loop: where it blocked, where it waited, and which loop it was.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { parseTimestamp } from '../src/trace/parse.js';
import { type SeenPoint, isLasting, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

interface Loop {
  readonly id: string;
  readonly idle_ms: number;
  readonly turn: number;
  readonly cpu_ms?: number;
  readonly busy_before_ms?: number;
}

const loopOf = (event: Event | undefined): Loop => {
  assert.ok(typeof event?.info['loop'] === 'object', `${event?.name} says where the loop is`);
  return event.info['loop'] as Loop;
};

const named = (points: readonly SeenPoint[], name: string): SeenPoint => {
  const find = (among: readonly SeenPoint[]): SeenPoint | undefined =>
    among.find((point) => point.name === name) ??
    among.map(({ children }) => find(children)).find((found) => found !== undefined);
  const found = find(points);
  assert.ok(found !== undefined, `a point ${name} in ${shape(points)}`);
  return found;
};

/** The points of a request to the scenario. */
async function asked(t: Parameters<typeof run>[0], path: string): Promise<readonly SeenPoint[]> {
  const { base_id, headers } = signedHeaders();
  const { allEvents } = await run(t, scenario('loop.cjs'), {
    env: on,
    onReady: async (port) => {
      await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  const events = allEvents.filter(isLasting);
  for (const event of events) loopOf(event);
  return treeOf(events, base_id);
}

const endsOf = ({ start, stop }: SeenPoint): readonly [Loop, Loop] => [loopOf(start), loopOf(stop)];

test('code that blocks starts and stops in one iteration of the loop, which waited for nothing', async (t) => {
  const [start, stop] = endsOf(named(await asked(t, '/blocks'), 'work'));
  assert.deepEqual(stop, start);
  assert.match(start.id, /^\d+\.0$/);
});

test('the loop has waited while a timer runs', async (t) => {
  const points = await asked(t, '/waits');
  const [start, stop] = endsOf(named(points, 'work'));
  assert.ok(stop.idle_ms > start.idle_ms && stop.turn !== start.turn, JSON.stringify({ start, stop }));
  const [from, to] = endsOf(named(points, 'wsgi'));
  assert.ok(from.idle_ms <= start.idle_ms && to.idle_ms >= stop.idle_ms);
});

test('code that yields to others goes on in another iteration, and the loop has not waited', async (t) => {
  const [start, stop] = endsOf(named(await asked(t, '/yields'), 'work'));
  assert.deepEqual({ ...stop, turn: 0 }, { ...start, turn: 0 });
  assert.notEqual(stop.turn, start.turn);
});

test('the points at the top of a thread have the CPU time of the process, and no other has', async (t) => {
  const [start, stop] = endsOf(named(await asked(t, '/blocks'), 'wsgi'));
  assert.ok(start.cpu_ms! > 0 && stop.cpu_ms! > start.cpu_ms!, JSON.stringify({ start, stop }));
  const [inner] = endsOf(named(await asked(t, '/blocks'), 'work'));
  assert.equal(inner.cpu_ms, undefined);
});

test('a point that is over at once does not say what the process has computed', async (t) => {
  const { base_id, headers } = signedHeaders();
  const app = `
    const { profiler } = require('ostrace');
    const server = require('node:http').createServer((request, response) => {
      response.end('x', () => server.close());
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  `;
  const { allEvents } = await run(t, '-e', {
    args: [app],
    env: on,
    onReady: async (port) => {
      await (await fetch(`http://127.0.0.1:${port}`, { headers })).text();
    },
  });
  const wsgi = named(treeOf(allEvents, base_id), 'wsgi');
  const [start, stop] = endsOf(wsgi);
  assert.ok(start.cpu_ms! > 0);
  const [from, to] = [wsgi.start, wsgi.stop!].map(({ timestamp }) => parseTimestamp(timestamp)!);
  // On a machine that has no time for it, even this request lasts, and may say it.
  assert.ok(stop.cpu_ms === undefined || to! - from! >= 10_000);
});

test('a worker thread has a loop of its own', async (t) => {
  const points = await asked(t, '/thread');
  const [thread, main, work] = ['thread', 'thread_main', 'work'].map(
    (name) => endsOf(named(points, name))[0],
  );
  assert.match(thread!.id, /\.0$/);
  assert.notEqual(main!.id, thread!.id);
  assert.equal(main!.id.split('.')[0], thread!.id.split('.')[0]);
  assert.equal(work!.id, main!.id);
  assert.ok(main!.cpu_ms! > 0 && thread!.cpu_ms === undefined);
});

test('a process that a request starts has a loop of its own', async (t) => {
  const points = await asked(t, '/process');
  const inner = named(points, 'process');
  const [command, process] = [named(points, 'command'), inner].map((point) => endsOf(point)[0]);
  assert.equal(process!.id, `${(inner.start.info['process'] as { pid: number }).pid}.0`);
  assert.notEqual(process!.id, command!.id);
  assert.ok(process!.cpu_ms! > 0);
});

test('an application that has replaced its clocks gets the facts all the same', async (t) => {
  const { base_id, headers } = signedHeaders();
  const app = `
    performance.now = () => 1e9;
    process.cpuUsage = () => ({});
    Object.defineProperty(performance, 'nodeTiming', { value: null });
    const server = require('node:http').createServer((request, response) => response.end(() => server.close()));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  `;
  const { allEvents, stderr } = await run(t, '-e', {
    args: [app],
    env: on,
    onReady: async (port) => {
      await (await fetch(`http://127.0.0.1:${port}`, { headers })).text();
    },
  });
  assert.equal(stderr, '');
  const [start, stop] = endsOf(named(treeOf(allEvents, base_id), 'wsgi'));
  assert.ok(start.turn > 0 && start.cpu_ms! > 0 && stop.turn > 0, JSON.stringify({ start, stop }));
});

test('an application that has removed its clocks is traced without the facts', async (t) => {
  const code = `
    delete Object.getPrototypeOf(performance).nodeTiming;
    const { profiler } = require('ostrace');
    profiler.init('key');
    profiler.trace('work', () => {});
  `;
  const { allEvents, stderr } = await run(t, '-e', { args: [code], env: on });
  assert.deepEqual(
    [allEvents.map(({ name, info }) => [name, info['loop']]), stderr],
    [
      [
        ['work-start', undefined],
        ['work-stop', undefined],
      ],
      '',
    ],
  );
});

test('an application that has removed the clock itself ends as without the agent, and nothing is lost', async (t) => {
  const code = `
    delete globalThis.performance;
    const { profiler } = require('ostrace');
    profiler.init('key');
    profiler.trace('work', () => {});
  `;
  const { allEvents, stderr, code: exit } = await run(t, '-e', { args: [code], env: on });
  assert.deepEqual([allEvents.map(({ name }) => name), stderr, exit], [['work-start', 'work-stop'], '', 0]);
});

test('a request that waited while another one blocked the loop says for how long at most', async (t) => {
  const [victim, calm] = [signedHeaders(), signedHeaders()];
  const { allEvents, stderr } = await run(t, scenario('victim.cjs'), {
    env: { ...on, SIGNED: JSON.stringify({ calm: calm.headers, victim: victim.headers }) },
  });
  assert.equal(stderr, '');
  const waitedMs = busyOf(allEvents, victim)!;
  assert.ok(waitedMs > 5, `${waitedMs} ms, and to start a process takes longer`);
  assert.equal(busyOf(allEvents, calm), undefined);
  const { method, path, ms } = startOf(allEvents, victim).info['blocked'] as Blocked;
  assert.deepEqual([method, path], ['GET', '/blocks']);
  assert.ok(ms > 5 && ms <= waitedMs, `${ms} of ${waitedMs} ms`);
  assert.equal(startOf(allEvents, calm).info['blocked'], undefined);
});

test('a request does not say that it waited while its connection was still being answered', async (t) => {
  const [again, other] = [signedHeaders(), signedHeaders()];
  const { allEvents, stderr } = await run(t, scenario('asks-again.cjs'), {
    env: { ...on, SIGNED: JSON.stringify({ '/again': again.headers, '/other': other.headers }) },
  });
  assert.equal(stderr, '');
  assert.equal(busyOf(allEvents, again), undefined);
  assert.ok(busyOf(allEvents, other)! >= 30, 'nothing tells that the other connection was not used before');
});

interface Blocked {
  readonly method: string;
  readonly path: string;
  readonly ms: number;
}

function startOf(events: readonly Event[], { base_id }: { readonly base_id: string }): Event {
  const start = events.find((event) => event.base_id === base_id && event.name === 'wsgi-start');
  assert.ok(start !== undefined);
  return start;
}

/** For how long the loop had been busy before the request of a trace, as the request says. */
const busyOf = (events: readonly Event[], trace: { readonly base_id: string }): number | undefined =>
  loopOf(startOf(events, trace)).busy_before_ms;

/** In milliseconds. */
const lasted = ({ start, stop }: SeenPoint): number =>
  Date.parse(stop!.timestamp) - Date.parse(start.timestamp);

test('a handler that blocks the loop is named in the traces of others, and not in its own', async (t) => {
  const asks = {
    '/waits': signedHeaders(),
    '/invoices/42?token=secret': signedHeaders(),
    '/late': signedHeaders(),
  };
  const signed = Object.fromEntries(Object.entries(asks).map(([path, { headers }]) => [path, headers]));
  const { allEvents, stderr } = await run(t, scenario('blocking-handlers.cjs'), {
    env: { ...on, SIGNED: JSON.stringify(signed) },
  });
  assert.equal(stderr, '');
  const told = Object.values(asks).map(({ base_id }) => {
    const [root] = treeOf(allEvents, base_id, allEvents);
    // A handler blocks for 30 ms; what is shorter is the machine's.
    return root!.children.filter((point) => point.name === 'blocked' && lasted(point) >= 20);
  });
  const said = told.map((points) => points.map(({ start }) => start.info['blocked']));
  // In the order in which they ran: the first one's trace, the second one is traced itself, the third one runs on
  // after an `await`, of which nobody can tell whose it is.
  assert.deepEqual(said, [
    [
      { method: 'POST', path: '/invoices/{id}' },
      { method: 'GET', path: '/report' },
    ],
    [],
    [],
  ]);
  for (const point of told.flat()) assert.ok(lasted(point) < 1000, `${lasted(point)} ms`);
});
