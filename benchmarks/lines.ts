// Counts the events in the files of a store.
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { isOfNote } from '../src/report/about.js';
import type { Event } from '../src/trace/event.js';

const limitMs = 20_000;
// One buffer for all of the ten thousand files: each read is over before the next one begins.
const buffer = Buffer.allocUnsafe(1 << 20);

/**
 * Counts the events of work in a trace's file while it grows: each part is read once. Collections of garbage do not
 * count, because they come as they fall due.
 */
export function linesIn(file: string): { reach(wanted: number, whose: string): Promise<void> } {
  let at = 0;
  let lines = 0;
  let unfinished = '';

  function read(): void {
    if (!existsSync(file)) return;
    const descriptor = openSync(file, 'r');
    try {
      for (;;) {
        const length = readSync(descriptor, buffer, 0, buffer.length, at);
        if (length === 0) return;
        at += length;
        // A character may lie in two parts. Its bytes are whole again in the line.
        const parts = (unfinished + buffer.toString('latin1', 0, length)).split('\n');
        unfinished = parts.pop()!;
        for (const line of parts) if (isWork(line)) lines++;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  return {
    /** Waits until there are this many, and fails if there are more. */
    async reach(wanted, whose) {
      const deadline = performance.now() + limitMs;
      for (;;) {
        read();
        if (lines === wanted) return;
        if (lines > wanted || performance.now() > deadline) {
          throw new Error(`${whose}: ${lines} events were stored; expected ${wanted}`);
        }
        await sleep(5);
      }
    },
  };
}

/** A batch begins with a newline: an empty line is no event. */
const isWork = (line: string): boolean => line !== '' && !isOfNote((JSON.parse(line) as Event).name);
