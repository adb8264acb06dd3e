// `ostrace trace show --watch`: follows a trace while it grows.
import { setTimeout as delay } from 'node:timers/promises';

import { DriverError, type StoredTrace } from '../drivers/driver.js';
import { clean, cut } from '../report/format.js';
import { paint } from '../report/pieces.js';
import type { Shell } from './command.js';
import type { Store } from './readable.js';
import { settled } from './settled.js';

/** How a trace is followed. */
export interface Watched {
  /** Undefined if nothing of the trace came before people had enough. */
  readonly stored: StoredTrace | undefined;
  /** The missing points, in words. */
  readonly missing: readonly string[];
}

const pollMs = 200;
const retryMs = 1000;

/**
 * Follows a trace until it is complete, or until Ctrl-C, and shows on a terminal how it grows. What was drawn is
 * gone at the end. A store that cannot be read is tried again.
 *
 * @param draw the lines of a trace; undefined if only the end is of interest
 */
export async function watch(
  shell: Shell,
  store: Store,
  base_id: string,
  draw: ((stored: StoredTrace) => Iterable<string>) | undefined,
): Promise<Watched> {
  const screen = draw === undefined || shell.rows === undefined ? undefined : new Screen(shell);
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  // A second Ctrl-C ends the process, whatever the store is doing.
  process.once('SIGINT', stop);
  let known: StoredTrace | undefined;
  let told = '';
  const show = (status: string): void => {
    if (screen !== undefined) screen.draw(known === undefined ? [] : draw!(known), status);
    else if (status !== told && status !== watching) shell.warn(status);
    told = status;
  };
  const watching = 'watching until the trace is complete; Ctrl-C ends it';
  const waiting = `waiting for trace ${base_id} in ${store.name()}`;
  const reader: Pick<Store, 'read'> = {
    async read(id) {
      try {
        const stored = (await store.read(id)) ?? (await store.read(id.toLowerCase()));
        const isGrown = stored !== undefined && stored.events.length !== (known?.events.length ?? 0);
        // A store that was emptied meanwhile takes nothing away from what was seen.
        if (isGrown && stored.events.length > (known?.events.length ?? 0)) known = stored;
        const status = known === undefined ? waiting : watching;
        if (isGrown || status !== told) show(status);
      } catch (error) {
        if (!(error instanceof DriverError)) throw error;
        show(`${error.message}; trying again`);
        await delay(retryMs, undefined, { signal: enough.signal }).catch(() => {});
      }
      return known;
    },
  };
  try {
    return await settled(reader, base_id, Infinity, { pollMs, signal: enough.signal });
  } finally {
    process.off('SIGINT', stop);
    screen?.clear();
  }
}

const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A\r` : '\r');
const toLineEnd = '\u001b[K';
const toScreenEnd = '\u001b[J';
// Terminals that know it show all of what stands between these two at once.
const begin = '\u001b[?2026h';
const end = '\u001b[?2026l';

/** A part of the terminal that is written over. */
class Screen {
  readonly #shell: Shell;
  #lines = 0;
  #width: number | undefined;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /**
   * Shows lines in the place of those before, as many as there is room for.
   *
   * @param status the last line
   */
  draw(lines: Iterable<string>, status: string): void {
    const { display, rows = 24 } = this.#shell;
    const { width = 80, colour } = display;
    // The last lines of the terminal are the status and the place of the cursor.
    const most = Math.max(1, rows - 2);
    const shown: string[] = [];
    for (const line of lines) {
      if (shown.length === most) {
        shown[most - 1] = '…\n';
        break;
      }
      shown.push(line);
    }
    shown.push(`${paint([{ text: cut(clean(status), width - 1), style: 'dim' }], colour)}\n`);
    // Lines that were drawn for another width are in places that nobody knows.
    const isMoved = this.#width !== undefined && this.#width !== width;
    const place = isMoved ? '\u001b[H' : up(this.#lines);
    const text = shown.map((line) => line.replace(/\n$/, `${toLineEnd}\n`)).join('');
    this.#shell.stdout.write(begin + place + text + toScreenEnd + end);
    this.#lines = shown.length;
    this.#width = width;
  }

  /** Removes what was drawn. */
  clear(): void {
    if (this.#lines > 0) this.#shell.stdout.write(up(this.#lines) + toScreenEnd);
    this.#lines = 0;
  }
}
