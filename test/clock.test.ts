// Clocks that are set while a trace runs, or that the application replaces, move no point.
// needs: agent
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { parseTimestamp } from '../src/trace/parse.js';
import { on, run, scratch } from './scenario.js';

// A wall clock that can be set, as the system's can: there before the agent.
const settable = `
  const { now } = Date;
  globalThis.aheadMs = 0;
  Date.now = () => now() + globalThis.aheadMs;
`;
const hourMs = 3_600_000;

async function eventsOf(t: TestContext, code: string): Promise<readonly Event[]> {
  const clock = join(scratch(t), 'clock.cjs');
  writeFileSync(clock, settable);
  const env = { ...on, NODE_OPTIONS: `--require "${clock}"` };
  const { events, stderr } = await run(t, '-e', {
    args: [`const { profiler } = require('ostrace'); ${code}`],
    env,
  });
  assert.equal(stderr, '');
  return events;
}

const msOf = (events: readonly Event[], name: string): number =>
  parseTimestamp(events.find((event) => event.name === name)!.timestamp)! / 1000;

for (const [what, ms] of [
  ['back', -hourMs],
  ['forth', hourMs],
] as const) {
  test(`a wall clock that is set ${what} an hour moves no point of a trace that runs`, async (t) => {
    const events = await eventsOf(
      t,
      `profiler.init('key');
       profiler.start('outer');
       globalThis.aheadMs = ${ms};
       profiler.trace('inner', () => {});
       setTimeout(() => profiler.stop(), 20);`,
    );
    const times = ['outer-start', 'inner-start', 'inner-stop', 'outer-stop'].map((name) =>
      msOf(events, name),
    );
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
      'in the order in which it was',
    );
    const took = times[3]! - times[0]!;
    assert.ok(took > 15 && took < hourMs / 2, `${took} ms`);
  });

  test(`the next trace begins at the wall clock's time, after it was set ${what} an hour`, async (t) => {
    const events = await eventsOf(
      t,
      `profiler.init('key');
       profiler.trace('before', () => {});
       profiler.clean();
       globalThis.aheadMs = ${ms};
       profiler.init('key');
       profiler.trace('after', () => {});`,
    );
    const moved = msOf(events, 'after-start') - msOf(events, 'before-start');
    assert.ok(Math.abs(moved - ms) < hourMs / 2, `${moved} ms`);
  });
}

test('clocks that the application puts in the place of its own are not the agent’s', async (t) => {
  const startedAt = Date.now();
  const events = await eventsOf(
    t,
    `Date.now = () => 0;
     performance.now = () => 0;
     process.hrtime.bigint = () => 0n;
     profiler.init('key');
     profiler.start('work');
     setTimeout(() => profiler.stop(), 20);`,
  );
  const [start, stop] = [msOf(events, 'work-start'), msOf(events, 'work-stop')];
  assert.ok(start > startedAt - 1000 && stop < Date.now() + 1000, 'it is now');
  assert.ok(stop - start > 15);
});
