// Where a trace ends: a while after what triggered it stopped, but for what runs within a point that is still open.
// needs: agent
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { type SeenPoint, on, run, scenario, signedHeaders, treeOf } from './scenario.js';

/** Runs the scenario's server for one signed request: its tree, and what it says of what is not in it. */
async function traceOf(
  t: TestContext,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly root: SeenPoint; readonly told: readonly LeftOut[] }> {
  const { events, stderr } = await run(t, scenario('later-work.cjs'), {
    env: { ...on, ...env },
    onReady: async (port) => {
      const base = `http://127.0.0.1:${port}`;
      await (await fetch(`${base}/`, { headers: signedHeaders().headers })).text();
      assert.equal(await (await fetch(`${base}/end`)).text(), 'null');
    },
  });
  assert.equal(stderr, '');
  const [root, ...more] = treeOf(events);
  assert.deepEqual([root!.name, more.length], ['wsgi', 0]);
  return { root: root!, told: leftOut(events) };
}

const namesOf = ({ children }: SeenPoint): string[] => children.map(({ name }) => name);
const count = (root: SeenPoint, name: string): number => namesOf(root).filter((each) => each === name).length;

/** What a trace says of what is not in it, and when it says that this was. */
interface LeftOut {
  readonly late?: number;
  readonly why: string;
  readonly timestamp: string;
}

const leftOut = (events: readonly Event[]): readonly LeftOut[] =>
  events
    .filter(({ name }) => name === 'left_out-start')
    .map(({ info, timestamp }) => ({ ...(info['left_out'] as LeftOut), timestamp }));

const lateOf = (told: readonly LeftOut[]): number => told.reduce((sum, { late = 0 }) => sum + late, 0);

test('work after the answer is recorded for a while, and to its end where its point was open; the trace counts the rest', async (t) => {
  // More than the default, within which a busy machine may run nothing.
  const { root, told } = await traceOf(t, { OSTRACE_LINGER: '300' });
  assert.equal(count(root, 'at once'), 1);
  const job = root.children.find(({ name }) => name === 'job')!;
  assert.deepEqual(namesOf(job), ['step', 'opened']);
  assert.deepEqual(namesOf(job.children[1]!), ['resumed']);
  assert.ok(job.children.every(({ stop }) => stop !== undefined));
  const beats = count(root, 'beat');
  assert.ok(beats >= 1 && beats < 12, `${beats} beats are recorded`);
  assert.equal(count(root, 'http'), 0, 'a call that is 0.7 s late');
  assert.equal(beats + lateOf(told), 12 + 1, 'each late call is counted once');
  assert.ok(told.every(({ why }) => why === 'later work was not recorded'));
  assert.ok(
    told.every(({ timestamp }) => timestamp < job.stop!.timestamp),
    'a trace does not last longer for what it leaves out',
  );
});

test('OSTRACE_LINGER says for how long', async (t) => {
  const { root, told } = await traceOf(t, { OSTRACE_LINGER: '5000' });
  assert.equal(count(root, 'beat'), 12);
  assert.equal(count(root, 'http'), 1);
  assert.equal(lateOf(told), 0);
});

test('a process that ends says what came too late', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('test-key');
    profiler.trace('first', () => 1);
    setTimeout(() => profiler.trace('late', () => 2), 150);
    profiler.clean();`;
  const { events } = await run(t, '-e', { args: [code], env: on });
  assert.equal(lateOf(leftOut(events)), 1);
});

test('late work is counted for five seconds, also where a point stays open, and is told of in two points at the most', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    const beat = () => {
      profiler.trace('late', () => {});
      beats++;
      if (beats < 70) setTimeout(beat, 100);
      else process.exit();
    };
    let beats = 0;
    profiler.init('test-key');
    profiler.trace('request', () => {
      profiler.trace('feed', () => new Promise(() => {}));
      setTimeout(beat, 200);
    });
    profiler.clean();
    setInterval(() => {}, 1000);`;
  const { events } = await run(t, '-e', { args: [code], env: on });
  const told = leftOut(events);
  assert.ok(told.length >= 1 && told.length <= 2, `${told.length} points`);
  const late = lateOf(told);
  assert.ok(late > 10 && late < 60, `${late} of 70 late calls were counted`);
});
