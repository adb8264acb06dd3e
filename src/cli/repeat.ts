// Sends a request many times, for `ostrace request --repeat`.
import { percents } from '../report/durations.js';
import { duration } from '../report/format.js';
import { newId } from '../trace/ids.js';
import { type Shell, print } from './command.js';
import type { Outcome } from './exchange.js';

/**
 * Sends requests one after the other, and prints the spread of their durations.
 *
 * @param isDetailed whether more percentiles are printed
 * @returns the trace of the slowest, and all traces in the order in which they were made
 */
export async function repeat(
  shell: Shell,
  { times, isDetailed }: { readonly times: number; readonly isDetailed: boolean },
  sendOne: (base_id: string) => Promise<Outcome>,
): Promise<{ readonly slowest: string; readonly made: readonly string[] }> {
  const took: { readonly base_id: string; readonly whole: number }[] = [];
  const statuses = new Map<number, number>();
  const progress = shell.progress('sending requests');
  try {
    for (let i = 0; i < times; i++) {
      progress.at(i, times);
      const base_id = newId();
      const { status, whole } = await sendOne(base_id);
      took.push({ base_id, whole });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  } finally {
    progress.end();
  }
  const made = took.map(({ base_id }) => base_id);
  took.sort((a, b) => a.whole - b.whole);
  const at = (percent: number): string =>
    duration(took[Math.max(0, Math.ceil((percent * times) / 100) - 1)]!.whole);
  const percentiles = isDetailed ? percents : ([50, 90] as const);
  const answered = [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, count]) => `${status} ×${count}`)
    .join(', ');
  const told = percentiles.map((percent) => `p${percent} ${at(percent)}`).join(' · ');
  const spread = `min ${at(0)} · ${told} · max ${at(100)}`;
  const slowest = took.at(-1)!.base_id;
  await print(shell, `${times} requests · ${answered}\n${spread}\nthe slowest is trace ${slowest}\n`);
  // The same line as for a single request, for programs that look for it.
  shell.say(`trace ${slowest}`);
  return { slowest, made };
}
