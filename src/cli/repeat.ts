// Sends a request many times, for `ostrace request --repeat`.
import { duration } from '../report/format.js';
import { newId } from '../trace/ids.js';
import { type Shell, print } from './command.js';
import type { Outcome } from './exchange.js';

/**
 * Sends requests one after the other, and prints the spread of their durations.
 *
 * @returns the trace of the slowest
 */
export async function repeat(
  shell: Shell,
  times: number,
  sendOne: (base_id: string) => Promise<Outcome>,
): Promise<string> {
  const took: { readonly base_id: string; readonly whole: number }[] = [];
  const statuses = new Map<number, number>();
  for (let i = 0; i < times; i++) {
    const base_id = newId();
    const { status, whole } = await sendOne(base_id);
    took.push({ base_id, whole });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  took.sort((a, b) => a.whole - b.whole);
  const at = (part: number): string => duration(took[Math.max(0, Math.ceil(part * times) - 1)]!.whole);
  const answered = [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, count]) => `${status} ×${count}`)
    .join(', ');
  const spread = `min ${at(0)} · p50 ${at(0.5)} · p90 ${at(0.9)} · max ${at(1)}`;
  const slowest = took.at(-1)!.base_id;
  await print(shell, `${times} requests · ${answered}\n${spread}\nthe slowest is trace ${slowest}\n`);
  // The same line as for a single request, for programs that look for it.
  shell.say(`trace ${slowest}`);
  return slowest;
}
