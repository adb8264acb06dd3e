// Copies the scripts of a benchmark to where they are run.
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { Bench } from './part.js';

/**
 * Puts the scripts of a benchmark where they find the benchmarks' packages, and not the tools of this project: of those,
 * tinypool alone makes the agent hook the imports of ES modules.
 *
 * @returns the folder of the copies
 */
export function copyOfScripts({ folder, places }: Bench, name: string): string {
  const copy = join(places.scratch, 'scripts', name);
  if (existsSync(copy)) return copy;
  cpSync(join(folder, name), copy, { recursive: true });
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
