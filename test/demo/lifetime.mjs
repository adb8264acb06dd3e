// The files and processes of the demo are gone when it ends, however it ends, Ctrl-C included.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const limitMs = 60_000;
const undoLimitMs = 5000;

const undoing = [];
let hasEnded = false;

/** Has something undone when the demo ends; the last first, and at once if it has ended already. */
export async function atEnd(undo) {
  if (hasEnded) await undo();
  else undoing.push(undo);
}

/** Runs the demo's story, cleans up and ends the process: by 0, or by 1 and a line that says why. */
export async function runToEnd(story) {
  let exitCode = 0;
  const stopped = new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => reject(Object.assign(new Error(`ended by ${signal}`), { signal })));
    }
    // Such as output that nobody reads any more, by `| head`.
    process.on('uncaughtException', reject);
    setTimeout(() => reject(new Error(`not done after ${limitMs / 1000} s`)), limitMs);
  });
  try {
    await Promise.race([story(), stopped]);
  } catch (error) {
    console.error(`demo: ${error.message}`);
    exitCode = error.signal ? 128 + constants.signals[error.signal] : 1;
  }
  hasEnded = true;
  for (const undo of undoing.toReversed()) {
    const impatience = new Promise((resolve) => setTimeout(resolve, undoLimitMs));
    const undone = Promise.resolve().then(undo);
    await Promise.race([undone, impatience]).catch((error) => console.error(`demo: ${error.message}`));
  }
  process.exit(exitCode);
}

export function scratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-demo-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
