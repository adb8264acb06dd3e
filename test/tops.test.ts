// The list of the points at the top of a thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { elapsed } from '../src/trace/clock.js';
import { rootContext } from '../src/trace/context.js';
import { noteClosed, noteOpen, topsDuring } from '../src/trace/tops.js';
import { beginTrace } from '../src/trace/trace.js';
import { newId } from '../src/trace/ids.js';

const trace = beginTrace(newId(), 'key');
const contextOf = (): ReturnType<typeof rootContext> => rootContext(trace, newId());

test('points that were open all the time between two moments are found, in whatever order they close', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [1, 2, 0],
  ]) {
    const contexts = [contextOf(), contextOf(), contextOf()];
    const tops = contexts.map(noteOpen);
    const from = elapsed();
    const to = elapsed();
    const found = (): unknown => topsDuring(from, to).filter((context) => contexts.includes(context));
    assert.deepEqual(found(), contexts);
    for (const i of order) {
      noteClosed(tops[i]!);
      noteClosed(tops[i]!);
      assert.deepEqual(found(), contexts, 'those that closed a moment ago are still known');
      assert.deepEqual([tops[i]!.next, tops[i]!.previous], [undefined, undefined]);
    }
    const later = elapsed();
    assert.deepEqual(topsDuring(later, later + 1), [], 'none of them is open');
    const early = contextOf();
    noteClosed(noteOpen(early));
    assert.ok(!topsDuring(from, to).includes(early), 'it began later');
  }
});

test('of those that are closed, the last sixteen are known', () => {
  const contexts = Array.from({ length: 40 }, contextOf);
  const tops = contexts.map(noteOpen);
  const at = elapsed();
  for (const top of tops) noteClosed(top);
  assert.deepEqual(topsDuring(at, at), contexts.slice(-16));
});
