import { setTimeout as delay } from 'node:timers/promises';

import { type Config, driverSettings } from '../config/config.js';
import type { Driver, StoredTrace } from '../drivers/driver.js';
import { masked, openDriver, readableOf } from '../drivers/index.js';
import { renderTree } from '../report/text.js';
import { type Tree, buildTree } from '../report/tree.js';
import { CommandError, type Option, type Shell, printAll } from './command.js';

// A service sends its events in batches; a trace that grew a moment ago may grow on.
const quietMs = 200;
const pollMs = 50;

export const showOption = {
  type: 'boolean',
  help: 'Then print the trace, as soon as it is complete.',
} as const satisfies Option;

export const waitOption = {
  type: 'string',
  value: 'SECONDS',
  help: 'How long --show waits for the trace to be complete; 5 when not given. What is unfinished then is marked.',
} as const satisfies Option;

/** Opens the store that commands read, for as long as it is used. */
export async function withStore<Result>(
  config: Config,
  use: (driver: Driver) => Promise<Result>,
): Promise<Result> {
  const driver = openDriver(readableOf(config.connectionString), driverSettings(config));
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}

/** The store that commands read, as it may be shown. */
export function storeName(config: Config): string {
  return masked(readableOf(config.connectionString));
}

/**
 * Prints a trace that was just made, as soon as it is complete, or what there is of it when the time is up.
 *
 * @param hint what to check when nothing of the trace arrives
 */
export async function showWhenComplete(
  shell: Shell,
  {
    config,
    base_id,
    waitMs,
    hint,
  }: {
    readonly config: Config;
    readonly base_id: string;
    readonly waitMs: number;
    readonly hint: string;
  },
): Promise<void> {
  const stored = await withStore(config, (driver) => settled(driver, base_id, waitMs));
  if (stored === undefined) {
    throw new CommandError(
      `nothing of trace ${base_id} came to ${storeName(config)} within ${waitMs / 1000} s; ${hint}`,
    );
  }
  await printTree(shell, base_id, stored);
}

/** Prints a trace as a tree. */
export async function printTree(shell: Shell, base_id: string, stored: StoredTrace): Promise<void> {
  const tree = buildTree(readable(shell, base_id, stored).events);
  await printAll(shell, renderTree(tree, shell.display));
}

/** Says what could not be read of a trace, and makes sure that something could. */
export function readable(shell: Shell, base_id: string, stored: StoredTrace): StoredTrace {
  const { events, skipped } = stored;
  const lines = `${skipped} ${skipped === 1 ? 'line' : 'lines'} of trace ${base_id}`;
  const why = 'torn by a crash, or written by something else';
  if (events.length === 0) throw new CommandError(`none of the ${lines} is an event: ${why}`);
  if (skipped > 0) shell.warn(`skipped ${lines}: ${why}`);
  return stored;
}

/** Reads a number of seconds from an option. */
export function milliseconds(option: string, given: string | undefined, otherwise: number): number {
  const seconds = given === undefined ? otherwise : given.trim() === '' ? NaN : Number(given);
  if (seconds >= 0 && seconds <= 86_400) return seconds * 1000;
  throw new CommandError(`${option} is "${given}"; expected a number of seconds up to 86400`);
}

async function settled(driver: Driver, base_id: string, waitMs: number): Promise<StoredTrace | undefined> {
  const deadline = performance.now() + waitMs;
  let size = 0;
  let grewAt = 0;
  for (;;) {
    const stored = await driver.read(base_id);
    const now = performance.now();
    const events = stored?.events ?? [];
    if (events.length > size) {
      size = events.length;
      grewAt = now;
    } else if (size > 0 && now - grewAt >= quietMs && isComplete(buildTree(events))) {
      return stored;
    }
    if (now >= deadline) return stored;
    await delay(Math.min(pollMs, deadline - now));
  }
}

/** Whether nothing is known to be missing: each point has both ends, and its parent is there. */
function isComplete({ base_id, points, roots }: Tree): boolean {
  return (
    points.every(({ started, finished }) => started !== undefined && finished !== undefined) &&
    roots.every((root) => root.parent_id === base_id)
  );
}
