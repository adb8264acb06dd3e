// How calls lie in time, compared with counting each microsecond.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { overlapOf } from '../src/report/findings/overlap.js';
import { dice } from './fixtures/events.js';

test('how many calls ran at once, and for how long any did, is what counting each microsecond gives', () => {
  const roll = dice(7);
  for (let round = 0; round < 5000; round++) {
    const calls = Array.from({ length: roll(7) }, () => {
      const from = roll(20);
      return { from, to: from + roll(8) };
    });
    const [from, to] = roll(2) === 0 ? [-Infinity, Infinity] : [roll(10), 10 + roll(15)];
    const running = Array.from(
      { length: 30 },
      (_, at) => calls.filter((call) => at >= from && at < to && call.from <= at && at < call.to).length,
    );
    const expected = { atOnce: Math.max(...running), covered: running.filter((many) => many > 0).length };
    assert.deepEqual(overlapOf(calls, from, to), expected, JSON.stringify({ calls, from, to }));
  }
});
