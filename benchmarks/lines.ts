// Counts the events in the files of a store.
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const newline = 10;
const limitMs = 20_000;
// One buffer for all of the ten thousand files: each read is over before the next one begins.
const buffer = Buffer.allocUnsafe(1 << 20);

/** Counts the events in a trace's file while it grows: each part is read once. */
export function linesIn(file: string): { reach(wanted: number, whose: string): Promise<void> } {
  let at = 0;
  let lines = 0;
  let last = newline;

  function read(): void {
    if (!existsSync(file)) return;
    const descriptor = openSync(file, 'r');
    try {
      for (;;) {
        const length = readSync(descriptor, buffer, 0, buffer.length, at);
        if (length === 0) return;
        at += length;
        for (let i = 0; i < length; i++) {
          // A batch begins with a newline: an empty line is no event.
          if (buffer[i] === newline && last !== newline) lines++;
          last = buffer[i]!;
        }
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
