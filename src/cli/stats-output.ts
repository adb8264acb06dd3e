// Prints the figures of many traces, for `trace stats` and `request --stats`.
import { safeJson } from '../report/format.js';
import { renderStats } from '../report/stats-text.js';
import type { Stats } from '../report/stats.js';
import { type Option, type Shell, print, printAll } from './command.js';

export const defaultTop = 20;

export const topOption = {
  type: 'string',
  value: 'N',
  help: `Print at most N rows of each table, and the sum of the others; 0 prints all. Default: ${defaultTop}.`,
} as const satisfies Option;

/** Prints figures as tables, or all of them as JSON. */
export async function printStats(
  shell: Shell,
  stats: Stats,
  { top, isJson = false }: { readonly top: number; readonly isJson?: boolean },
): Promise<void> {
  if (isJson) await print(shell, `${safeJson(stats)}\n`);
  else await printAll(shell, renderStats(stats, shell.display, top || Infinity));
}
