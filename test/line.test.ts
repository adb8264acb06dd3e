// A line by itself: when its event is parsed, and that nothing is made for a line that nobody looks into.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { Line, linesByTrace } from '../src/drivers/line.js';
import { newId } from '../src/trace/ids.js';
import { base_id, eventsOf } from './fixtures/events.js';
import { lineOf, linesOf } from './fixtures/lines.js';

const [start, stop] = eventsOf({ name: 'p', id: '1', start: 1, stop: 2, stopInfo: { etype: 'Error' } });

/** Says how often JSON was parsed since. */
function countParses(t: TestContext): () => number {
  const { mock } = t.mock.method(JSON, 'parse');
  return () => mock.callCount();
}

test('an event is parsed at the first look, and once', (t) => {
  const parses = countParses(t);
  const line = lineOf(stop!);
  assert.equal(parses(), 0);
  assert.deepEqual(line.event, stop);
  assert.equal(line.event, line.event);
  assert.equal(line.failedStop, line.event);
  assert.equal(parses(), 1);
});

test('a text that is no event is parsed once too', (t) => {
  const parses = countParses(t);
  const torn = new Line(base_id, '{"etype":');
  assert.deepEqual([torn.event, torn.event, torn.failedStop], [undefined, undefined, undefined]);
  assert.equal(parses(), 1);
});

test('a line without the words of a failure is not parsed to find one', (t) => {
  const parses = countParses(t);
  assert.equal(lineOf(start!).failedStop, undefined);
  assert.equal(parses(), 0);
});

test('a line that nobody looks into is its trace and its text', () => {
  assert.deepEqual(Object.keys(lineOf(start!)), ['base_id', 'text']);
});

test('the lines of each trace stay in their order', () => {
  const other = newId();
  const lines = linesOf(
    [base_id, other, base_id, base_id, other].map((trace) => ({ ...start!, base_id: trace })),
  );
  const [a, b, c, d, e] = lines;
  assert.deepEqual(
    [...linesByTrace(lines)],
    [
      [base_id, [a, c, d]],
      [other, [b, e]],
    ],
  );
});
