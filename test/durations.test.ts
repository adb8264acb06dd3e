// Percentiles of many durations: exact while they are few, and then at most 1 % off.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Durations, Room, percents } from '../src/report/durations.js';
import { dice } from './fixtures/events.js';

/** The smallest value that so many percent of all values do not exceed. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.find((_, i) => (i + 1) * 100 >= percent * sorted.length)!;
}

function spreadOf(values: readonly number[], room = new Room()): ReturnType<Durations['spread']> {
  const durations = new Durations(room);
  for (const value of values) durations.add(value);
  return durations.spread();
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

test('a few durations have exact percentiles', () => {
  assert.deepEqual(spreadOf([]), {
    count: 0,
    total: 0,
    p50: 0,
    p90: 0,
    p95: 0,
    p99: 0,
    max: 0,
    exact: true,
  });
  const roll = dice(1);
  for (const length of [1, 2, 3, 10, 16, 17, 20, 99, 100, 101, 1000]) {
    const values = Array.from({ length }, () => roll(1_000_000));
    const spread = spreadOf(values);
    for (const percent of percents) {
      assert.equal(spread[`p${percent}`], percentile(values, percent), `p${percent} of ${length}`);
    }
    assert.deepEqual(
      [spread.count, spread.total, spread.max, spread.exact],
      [length, sum(values), Math.max(...values), true],
    );
  }
});

test('percentiles of many are at most 1 % off, and count, total and maximum are exact', () => {
  const roll = dice(2);
  const makers = [
    () => roll(200),
    () => roll(5_000_000),
    // As durations are: many short ones, some very long ones.
    () => Math.round(Math.exp(roll(20_000) / 1000)),
  ];
  for (const make of makers) {
    const values = Array.from({ length: 70_000 }, make);
    const spread = spreadOf(values);
    assert.deepEqual([spread.count, spread.total, spread.exact], [70_000, sum(values), false]);
    assert.equal(
      spread.max,
      values.reduce((a, b) => Math.max(a, b), 0),
    );
    for (const percent of percents) {
      const exact = percentile(values, percent);
      const off = Math.abs(spread[`p${percent}`] - exact);
      assert.ok(off <= exact / 100, `p${percent} is ${spread[`p${percent}`]} instead of ${exact}`);
    }
  }
});

test('durations that share a room keep no more values than it has, and give them back', () => {
  const room = new Room(64);
  const [one, other] = [new Durations(room), new Durations(room)];
  for (let i = 0; i < 40; i++) one.add(1000);
  assert.equal(room.left, 0);
  for (let i = 0; i < 40; i++) other.add(1000);
  assert.deepEqual([one.spread().exact, other.spread().exact], [true, false]);
  assert.ok(Math.abs(other.spread().p50 - 1000) <= 10);
  assert.equal(other.spread().max, 1000);
  for (let i = 0; i < 40; i++) one.add(1000);
  assert.deepEqual([room.left, one.spread().exact, one.spread().count], [64, false, 80]);
});

test('the longest time between two timestamps has a place', () => {
  const longest = 316e15;
  const values = Array.from({ length: 70_000 }, () => longest);
  assert.ok(Math.abs(spreadOf(values).p50 - longest) <= longest / 100);
  assert.equal(spreadOf(values.map(() => 0)).p99, 0);
});
