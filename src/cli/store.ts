// The parts that commands which show traces share: opening the store, waiting for a trace, printing it.
import { type Config, driverSettings } from '../config/config.js';
import type { Driver, StoredTrace } from '../drivers/driver.js';
import { masked, openDriver, readableOf } from '../drivers/index.js';
import { count } from '../trace/count.js';
import { CommandError, type Option, type Shell } from './command.js';
import { type Output, printTrace } from './formats.js';
import { withStores } from './readable.js';
import { settled } from './settled.js';

export const showOption = {
  type: 'boolean',
  help: 'Also print the trace, as soon as it is complete: each point has ended, and each service that received signed headers has stored something.',
} as const satisfies Option;

export const waitOption = {
  type: 'string',
  value: 'SECONDS',
  help: 'How long --show waits for the trace to be complete. Points that are missing then are marked. Default: 5.',
} as const satisfies Option;

/** Opens the store that commands read, while it is used. */
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
 * Prints a trace that was just made, as soon as it is complete, or the part that exists when the time is up.
 *
 * @param hint what to check if nothing of the trace arrives
 */
export async function showWhenComplete(
  shell: Shell,
  {
    config,
    base_id,
    waitMs,
    hint,
    output,
  }: {
    readonly config: Config;
    readonly base_id: string;
    readonly waitMs: number;
    readonly hint: string;
    readonly output: Output;
  },
): Promise<void> {
  await withStores(config, shell.warn, async (store) => {
    const { stored, missing } = await settled(store, base_id, waitMs);
    if (stored === undefined) {
      throw new CommandError(
        `no event of trace ${base_id} arrived in ${store.name()} within ${waitMs / 1000} s; ${hint}`,
      );
    }
    await printTrace(shell, base_id, readable(shell, base_id, stored), output);
    if (missing.length === 0) return;
    shell.warn(
      `stopped waiting after ${waitMs / 1000} s; missing: ${missing.join('; ')}. ` +
        `--wait waits longer, and ostrace trace show ${base_id} shows what comes later`,
    );
  });
}

/** Reports the lines of a trace that could not be read, and fails if none could. */
export function readable(shell: Shell, base_id: string, stored: StoredTrace): StoredTrace {
  const { events, skipped } = stored;
  const lines = `${count(skipped, 'line')} of trace ${base_id}`;
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
