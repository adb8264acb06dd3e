import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runsOf } from '../src/trace/collection-runs.js';

const at = (startTime: number, duration: number, kind = 'minor') => ({ startTime, duration, kind });
/** Each run as its start, its end, its number of collections, and how long they took. */
const told = (...collections: readonly ReturnType<typeof at>[]): unknown =>
  runsOf(collections).map(({ startTime, endTime, count, ms }) => [startTime, endTime, count, ms]);

test('short collections that follow each other closely are one run', () => {
  assert.deepEqual(told(at(0, 0.5), at(1, 0.5), at(2, 0.5)), [[0, 2.5, 3, 1.5]]);
  // The pause may be as long as both.
  assert.deepEqual(told(at(0, 0.5), at(1.25, 0.25)), [[0, 1.5, 2, 0.75]]);
  assert.deepEqual(told(at(0, 0.5), at(1.5, 0.25)), [
    [0, 0.5, 1, 0.5],
    [1.5, 1.75, 1, 0.25],
  ]);
});

test('a long collection is a run by itself, and ends the one before it', () => {
  assert.deepEqual(told(at(0, 0.5), at(0.5, 2), at(2.5, 0.5), at(3, 0.5)), [
    [0, 0.5, 1, 0.5],
    [0.5, 2.5, 1, 2],
    [2.5, 3.5, 2, 1],
  ]);
});

test('a run of several kinds has none', () => {
  const kinds = (...all: string[]): unknown =>
    runsOf(all.map((kind, i) => at(i, 0.5, kind))).map(({ kind }) => kind);
  assert.deepEqual(kinds('minor', 'minor'), ['minor']);
  assert.deepEqual(kinds('minor', 'major', 'minor'), [undefined]);
});

test('a run does not end before it began, however Node tells of its collections', () => {
  assert.deepEqual(told(at(0, 0.75), at(0.25, 0.25)), [[0, 0.75, 2, 1]]);
  assert.deepEqual(told(), []);
});
