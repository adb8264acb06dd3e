// Removes the old traces of a folder, and the oldest of too many.
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { DriverSettings } from '../driver.js';

const everyMs = 60_000;

/**
 * Removes files that were last written to longer ago than they are to be kept, and then the oldest until
 * the rest is small enough. Looks once a minute at the most; a file that can't be removed stays.
 *
 * @param isOurs which names of the folder's are traces
 */
export function createRetention(
  folder: string,
  { keepFor = Infinity, keepSize = Infinity }: Pick<DriverSettings, 'keepFor' | 'keepSize'>,
  isOurs: (name: string) => boolean,
): () => void {
  let lookedAt = -everyMs;
  if (keepFor === Infinity && keepSize === Infinity) return () => {};

  return () => {
    if (performance.now() - lookedAt < everyMs) return;
    lookedAt = performance.now();
    const files = filesIn(folder, isOurs).toSorted((a, b) => b.mtimeMs - a.mtimeMs);
    const oldest = Date.now() - keepFor * 1000;
    let kept = 0;
    for (const [i, { path, mtimeMs, size }] of files.entries()) {
      kept += size;
      // The file that was written just now stays, however large it is.
      if (mtimeMs < oldest || (kept > keepSize && i > 0)) remove(path);
    }
  };
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Somebody else's, as it may be in a shared folder.
  }
}

interface Found {
  readonly path: string;
  readonly mtimeMs: number;
  readonly size: number;
}

function filesIn(folder: string, isOurs: (name: string) => boolean): Found[] {
  return readdirSync(folder)
    .filter(isOurs)
    .flatMap((name) => {
      const path = join(folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      return stats?.isFile() !== true ? [] : [{ path, mtimeMs: stats.mtimeMs, size: stats.size }];
    });
}
