// The line that says how far long work has come.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { progressOn } from '../src/cli/progress.js';

const removed = '\r\u001b[K';

function terminal(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  const clock = { now: 0 };
  const stderr = {
    isTTY,
    ...(columns !== undefined && { columns }),
    write: (text: string) => written.push(text),
  };
  return { written, clock, line: progressOn(stderr, () => clock.now) };
}

test('work that takes long has a line on a terminal, which goes when it ends', () => {
  const { written, clock, line } = terminal(true);
  const progress = line.begin('reading traces');
  progress.at(1, 10);
  clock.now = 499;
  progress.at(2, 10);
  assert.deepEqual(written, [], 'short work shows nothing');
  clock.now = 500;
  progress.at(3, 10);
  progress.at(4, 10);
  clock.now = 600;
  progress.at(5);
  assert.deepEqual(written.splice(0), [`${removed}reading traces … 3 of 10`, `${removed}reading traces … 5`]);
  // A message has a line of its own.
  line.clear();
  line.clear();
  assert.deepEqual(written.splice(0), [removed]);
  clock.now = 700;
  progress.at(6, 10);
  progress.end();
  progress.end();
  assert.deepEqual(written, [`${removed}reading traces … 6 of 10`, removed]);
});

test('a store that does not answer shows what it is asked for', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { written, clock, line } = terminal(true);
  const progress = line.begin('reading traces');
  t.mock.timers.tick(100);
  assert.deepEqual(written, []);
  clock.now = 500;
  t.mock.timers.tick(100);
  assert.deepEqual(written.splice(0), [`${removed}reading traces …`]);
  progress.end();
  assert.deepEqual(written.splice(0), [removed]);
  clock.now = 5000;
  t.mock.timers.tick(1000);
  assert.deepEqual(written, [], 'nothing after the end');
});

test('nothing is written where stderr is no terminal', () => {
  const { written, clock, line } = terminal(false);
  const progress = line.begin('reading traces');
  clock.now = 10_000;
  progress.at(3, 10);
  line.clear();
  progress.end();
  assert.deepEqual(written, []);
});

test('the line is narrower than the terminal, and does nothing to it', () => {
  const { written, clock, line } = terminal(true, 20);
  const progress = line.begin('storing\u001b[2J events in a far away place');
  clock.now = 500;
  progress.at(123_456);
  const [text = ''] = written;
  assert.ok(text.slice(removed.length).length <= 19, text);
  assert.ok(!text.slice(removed.length).includes('\u001b'));
  progress.end();
});
