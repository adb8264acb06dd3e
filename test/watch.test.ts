// `ostrace trace show --watch`: a trace that grows, on a real terminal and piped.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { Event } from '../src/trace/event.js';
import { isProblem, ostrace, save, store } from './fixtures/command.js';
import { type PointMade, base_id, eventsOf } from './fixtures/events.js';
import { noTerminal, onTerminal } from './fixtures/terminal.js';

const skip = noTerminal;

const events = (points: readonly PointMade[]): Event[] => points.flatMap((point) => eventsOf(point));
const request: PointMade = {
  name: 'wsgi',
  id: 'in',
  start: 0,
  startInfo: { request: { method: 'GET', path: '/' } },
};
const first = events([request, { name: 'visit', id: 'a', parent: 'in', start: 10, stop: 20 }]);
const { start: _start, ...ended } = { ...request, stop: 5000 };
const rest = events([{ name: 'visit', id: 'b', parent: 'in', start: 1000, stop: 2000 }, ended]);

const watching = (connection: string, ...args: readonly string[]): string[] => [
  'trace',
  'show',
  base_id,
  '--watch',
  '--connection-string',
  connection,
  ...args,
];

/** A store without the trace. */
function empty(context: TestContext): { connection: string; folder: string } {
  const made = store(context);
  mkdirSync(made.folder, { recursive: true });
  return made;
}

test('piped, it waits for the trace and for its end, and prints the last state only', async (context) => {
  const { connection } = empty(context);
  let asked = false;
  const end = await ostrace(watching(connection), {
    onStart(child) {
      child.stderr!.on('data', (text: Buffer) => {
        if (asked || !text.toString().includes('waiting for trace')) return;
        asked = true;
        save(connection, first);
        setTimeout(() => save(connection, rest), 700);
      });
    },
  });
  const shown = await ostrace(['trace', 'show', base_id, '--connection-string', connection]);
  assert.deepEqual([end.code, asked, end.stdout], [0, true, shown.stdout]);
  assert.match(end.stdout, /3 points/);
  assert.equal(end.stderr.trim().split('\n').length, 1, end.stderr);
});

test('other formats are printed when the trace is complete', async (context) => {
  const { connection } = store(context, [...first, ...rest]);
  const end = await ostrace(watching(connection, '--dot'));
  assert.deepEqual([end.code, end.stderr], [0, '']);
  assert.match(end.stdout, /^digraph/);
});

test(
  'on a terminal it is drawn again as it grows, and printed in full at the end',
  { skip },
  async (context) => {
    const { connection } = store(context, first);
    let saved = false;
    const { code, text } = await onTerminal(watching(connection), {
      rows: 8,
      onText(soFar) {
        if (saved || !soFar.includes('Ctrl-C ends it')) return;
        saved = true;
        save(connection, rest);
      },
    });
    assert.deepEqual([code, saved], [0, true]);
    const frames = text.split('\u001b[?2026h').slice(1);
    assert.ok(frames.length >= 2, text);
    for (const frame of frames) {
      const [drawn = ''] = frame.split('\u001b[?2026l');
      assert.ok(drawn.split('\n').length <= 8, 'a frame is no higher than the terminal');
    }
    assert.ok(frames[1]!.startsWith('\u001b[7A\r'), 'it begins where the frame before it began');
    const [, last = ''] = frames.at(-1)!.split('\u001b[?2026l');
    assert.match(last, /^.\[\d+A\r.\[J/, 'what was drawn is gone');
    assert.match(last, /3 points/);
    assert.equal(last.trimEnd().split('\n').at(-1)?.includes('Ctrl-C'), false);
  },
);

test('Ctrl-C ends it, and prints what there is', { skip }, async (context) => {
  const { connection } = store(context, first);
  let typed = false;
  const { code, text } = await onTerminal(watching(connection), {
    env: { NO_COLOR: '1' },
    onText(soFar, type) {
      if (typed || !soFar.includes('Ctrl-C ends it')) return;
      typed = true;
      type('\u0003');
    },
  });
  assert.equal(code, 0);
  const [, last = ''] =
    text.split('\u001b[?2026l').slice(-2).length === 2 ? ['', text.split('\u001b[?2026l').at(-1)!] : [];
  assert.match(last, /2 points · 1 unfinished/);
  assert.match(last, /stopped watching; missing: 1 point without an end/);
});

test('Ctrl-C while nothing has come is no error either', { skip }, async (context) => {
  const { connection } = empty(context);
  let typed = false;
  const { code, text } = await onTerminal(watching(connection), {
    onText(soFar, type) {
      if (typed || !soFar.includes('waiting for trace')) return;
      typed = true;
      type('\u0003');
    },
  });
  assert.equal(code, 0);
  assert.match(text, /no event of trace \S+ has arrived in /);
});

test('a store that goes away and comes back is named, and waited for', async (context) => {
  const { connection, folder } = store(context, first);
  let away = false;
  const end = await ostrace(watching(connection), {
    onStart(child) {
      void delay(1500).then(() => {
        renameSync(folder, `${folder}-away`);
        writeFileSync(folder, 'no folder');
        away = true;
      });
      child.stderr!.on('data', (text: Buffer) => {
        if (!away || !text.toString().includes('trying again')) return;
        away = false;
        rmSync(folder);
        renameSync(`${folder}-away`, folder);
        save(connection, rest);
      });
    },
  });
  assert.equal(end.code, 0);
  assert.match(end.stderr, /^ostrace: [^\n]+; trying again\n$/);
  assert.match(end.stdout, /3 points/);
});

test('a saved trace does not grow', async () => {
  isProblem(
    await ostrace(['trace', 'show', '--watch', '--file', 'x.json']),
    /a saved trace does not grow; give --file or --watch/,
  );
});
