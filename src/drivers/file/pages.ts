// Pages through a folder of up to millions of traces without opening the files of other pages.
import { readdir, stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Event } from '../../trace/event.js';
import { isUuid } from '../../trace/ids.js';
import { DriverError, type Page } from '../driver.js';
import { newestFirst } from '../trace-list.js';
import { codeOf, unusable } from './errors.js';

interface Entry {
  readonly base_id: string;
  /** When the file was last written to, as it was found first; in microseconds since 1970. */
  readonly writtenAt: number;
}

// A million calls of the system take seconds, in which nothing else would be done.
const statsPerTurn = 2000;

/**
 * Pages through a folder, the traces first whose files were written to last when they were first seen. The names of all
 * files are kept, and the folder is read again only if a file came or went.
 *
 * @param extension of the files' names
 */
export function pagesOf(
  folder: string,
  extension: string,
  firstEvent: (base_id: string) => Event | undefined,
): (count: number, after: string | undefined) => Promise<Page> {
  let entries: readonly Entry[] = [];
  let readAt: number | undefined;
  let reading: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const changedAt = await changeOf(folder);
    // A clock of the file system may give two changes one time.
    if (changedAt === readAt && Date.now() - changedAt > 1000) return;
    const present = new Set(await tracesIn(folder, extension));
    const known = entries.filter(({ base_id }) => present.delete(base_id));
    const fresh: Entry[] = [];
    let looked = 0;
    for (const base_id of present) {
      if (++looked % statsPerTurn === 0) await nextTurn();
      const writtenAt = writtenAtMicros(join(folder, base_id + extension));
      if (writtenAt !== undefined) fresh.push({ base_id, writtenAt });
    }
    entries = merged(fresh.toSorted(byTime), known);
    readAt = changedAt;
  }

  return async (count, after) => {
    await (reading ??= refresh().finally(() => (reading = undefined)));
    const start = after === undefined ? 0 : firstBehind(entries, entryFrom(after));
    const events: Event[] = [];
    let at = start;
    for (; at < entries.length && events.length < count; at++) {
      const event = firstEvent(entries[at]!.base_id);
      if (event !== undefined) events.push(event);
    }
    return {
      traces: newestFirst(events),
      total: entries.length,
      next: at < entries.length && at > 0 ? cursorOf(entries[at - 1]!) : undefined,
    };
  };
}

const byTime = (a: Entry, b: Entry): number =>
  b.writtenAt - a.writtenAt || Number(a.base_id > b.base_id) - Number(a.base_id < b.base_id);

/** Two sorted lists as one; what is new is mostly newer than what is known. */
function merged(fresh: readonly Entry[], known: readonly Entry[]): readonly Entry[] {
  const all = [...fresh, ...known];
  const [oldest, newest] = [fresh.at(-1), known[0]];
  return oldest === undefined || newest === undefined || byTime(oldest, newest) < 0
    ? all
    : all.toSorted(byTime);
}

const cursorOf = ({ base_id, writtenAt }: Entry): string => `${writtenAt}:${base_id}`;

function entryFrom(cursor: string): Entry {
  const [, at, base_id] = /^(\d{1,16}):([\da-f-]{36})$/i.exec(cursor) ?? [];
  if (at !== undefined && isUuid(base_id)) return { base_id, writtenAt: Number(at) };
  throw new DriverError('this page of the list does not exist');
}

/** The first place behind an entry, which may be gone. */
function firstBehind(entries: readonly Entry[], entry: Entry): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byTime(entries[middle]!, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function changeOf(folder: string): Promise<number> {
  try {
    return (await stat(folder)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw unusable('read', folder, error);
  }
}

async function tracesIn(folder: string, extension: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(extension))
      .map((name) => name.slice(0, -extension.length))
      .filter(isUuid);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw unusable('read', folder, error);
  }
}

/** Undefined for a file that is gone, and for what is no file. */
function writtenAtMicros(path: string): number | undefined {
  try {
    const { mtimeMs } = statSync(path);
    return Math.round(mtimeMs * 1000);
  } catch {
    return undefined;
  }
}
