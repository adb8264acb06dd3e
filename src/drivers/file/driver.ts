// A folder with a file of JSON lines for each trace.
import {
  accessSync,
  closeSync,
  constants,
  ftruncateSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { count } from '../../trace/count.js';
import type { Event } from '../../trace/event.js';
import { isUuid } from '../../trace/ids.js';
import { parseEvent } from '../../trace/parse.js';
import { makeFolder, openToWrite } from '../careful-files.js';
import {
  type Driver,
  DriverError,
  type DriverSettings,
  type Newest,
  type StoredTrace,
  type TraceSummary,
  WriteError,
} from '../driver.js';
import { codeOf, unusable } from './errors.js';
import { linesOf } from './lines.js';
import { newestFiles } from './newest.js';
import { pagesOf } from './pages.js';
import { createRetention } from './retention.js';
import { type Line, linesByTrace } from '../line.js';
import { newestFirst } from '../trace-list.js';

const extension = '.jsonl';
// Beside the file of a trace with a failed point: the stop of the last one.
const errorExtension = '.error';
const newline = 0x0a;
const linesPerTurn = 10_000;

/**
 * Opens a folder that holds a file of JSON lines for each trace, `<base_id>.jsonl`. Any number of
 * processes and threads may write into it at once.
 *
 * @param connectionString `file://` and a folder, absolute or relative to the working directory
 */
export function openFileDriver(connectionString: string, settings: DriverSettings): Driver {
  const folder = resolve(connectionString.replace(/^file:(?:\/\/(?:localhost(?=\/))?)?/i, ''));
  const fileOf = (base_id: string): string => join(folder, base_id + extension);
  const markOf = (base_id: string): string => join(folder, base_id + errorExtension);
  const listed = (
    end: string,
    pathOf: (base_id: string) => string,
    isWanted = (_base_id: string): boolean => true,
  ): readonly TraceSummary[] => {
    const events = tracesIn(folder, end)
      .filter(isWanted)
      .map((base_id) => firstEvent(pathOf(base_id), base_id));
    return newestFirst(events.filter((event) => event !== undefined));
  };
  const isShared = settings.shareWithGroup === true;
  const retain = createRetention(folder, settings, isOurs);

  return {
    write(lines, { isRepeated = false } = {}) {
      const again: Line[] = [];
      let refused = 0;
      let failure: DriverError | undefined;
      for (const [base_id, own] of linesByTrace(lines)) {
        if (!isUuid(base_id)) {
          refused += own.length;
          failure ??= new DriverError('an event has no trace id');
          continue;
        }
        // One trace that can't be written must not cost the others their events.
        const path = fileOf(base_id);
        const fresh = isRepeated ? without(own, path) : own;
        try {
          if (fresh.length > 0) append(folder, path, fresh, isShared);
          if (settings.filterErrorTrace) mark(markOf(base_id), fresh, isShared);
        } catch (error) {
          failure = unusable('write', path, error);
          again.push(...fresh);
        }
      }
      if (failure !== undefined) throw new WriteError(failure.message, refused, again, { cause: failure });
      if (lines.length > 0) retain();
    },

    list: async () => listed(extension, fileOf),

    newest: async (wanted) => newestIn(folder, wanted),

    page: pagesOf(folder, extension, (base_id) => firstEvent(fileOf(base_id), base_id)),

    find: async (beginning) =>
      listed(extension, fileOf, (base_id) => base_id.toLowerCase().startsWith(beginning)),

    listErrors: async () => listed(errorExtension, markOf),

    async read(base_id) {
      return isUuid(base_id) ? readTrace(fileOf(base_id), base_id) : undefined;
    },

    async check() {
      const existing = nearestFolder(folder);
      try {
        accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
      } catch (error) {
        throw unusable('read and write', existing, error);
      }
      const { length } = tracesIn(folder, extension);
      return existing === folder
        ? `${count(length, 'trace')} in ${folder}`
        : `${folder} is not there yet; the first trace makes it`;
    },

    close() {},
  };
}

/** The folder itself, or the first above it that exists. */
function nearestFolder(folder: string): string {
  try {
    if (statSync(folder).isDirectory()) return folder;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return nearestFolder(dirname(folder));
    throw unusable('read', folder, error);
  }
  throw unusable('use', folder, Object.assign(new Error('no folder'), { code: 'EEXIST' }));
}

/** The lines that the file does not hold. */
function without(lines: readonly Line[], path: string): readonly Line[] {
  try {
    const stored = new Set(linesOf(path));
    return lines.filter(({ text }) => !stored.has(text));
  } catch {
    return lines;
  }
}

/** Marks a trace with a failed point; OSProfiler does it at each stop with an `etype`. */
function mark(path: string, lines: readonly Line[], isShared: boolean): void {
  const failed = lines.findLast((line) => line.failedStop !== undefined);
  if (failed === undefined) return;
  const { fd } = openToWrite(path, isShared, 0);
  try {
    ftruncateSync(fd);
    writeFileSync(fd, failed.text);
  } finally {
    closeSync(fd);
  }
}

/**
 * Appends in one call, which the system does not mix with the appends of others. The newline comes
 * first: so the end of a line that a killed writer left behind does not swallow the first of these.
 */
function append(folder: string, path: string, lines: readonly Line[], isShared: boolean): void {
  let bytes = Buffer.from(`\n${lines.map(({ text }) => text).join('\n')}\n`);
  let fd: number | undefined;
  try {
    fd = openForAppend(folder, path, isShared);
    for (;;) {
      const written = writeSync(fd, bytes);
      if (written >= bytes.length) return;
      if (written === 0) throw new DriverError(`cannot write ${path}: the system takes no more of it`);
      // Cut short by a limit or a signal: others may write now, so the line that was cut is written
      // again as a whole, unless it is the first.
      const start = bytes.lastIndexOf(newline, written - 1);
      bytes = bytes.subarray(start > 0 ? start : written);
    }
  } catch (error) {
    throw unusable('write', path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The folder is made with the first trace, and again when somebody removed it meanwhile. */
function openForAppend(folder: string, path: string, isShared: boolean): number {
  try {
    return openToWrite(path, isShared).fd;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  makeFolder(folder, isShared);
  return openToWrite(path, isShared).fd;
}

/** The newest traces of a folder of many thousands, of which few files are opened. */
function newestIn(folder: string, wanted: number): Newest {
  const ids = tracesIn(folder, extension);
  const paths = ids.map((base_id) => join(folder, base_id + extension));
  const found = newestFiles(paths, wanted, (path) => firstEvent(path, basename(path, extension)));
  return { traces: newestFirst(found).slice(0, wanted), total: ids.length };
}

function isOurs(name: string): boolean {
  const end = [extension, errorExtension].find((each) => name.endsWith(each));
  return end !== undefined && isUuid(name.slice(0, -end.length));
}

function tracesIn(folder: string, end: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(end))
      .map((entry) => entry.name.slice(0, -end.length))
      .filter(isUuid);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw unusable('read', folder, error);
  }
}

/** The first event in a file; undefined where that can't be known, as in another user's file. */
function firstEvent(path: string, base_id: string): Event | undefined {
  try {
    for (const line of linesOf(path)) {
      const event = line === undefined ? undefined : parseEvent(line);
      if (event?.base_id === base_id) return event;
    }
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM'].includes(codeOf(error))) throw unusable('read', path, error);
  }
  return undefined;
}

async function readTrace(path: string, base_id: string): Promise<StoredTrace | undefined> {
  const events: Event[] = [];
  let skipped = 0;
  try {
    for (const line of linesOf(path)) {
      const event = line === undefined ? undefined : parseEvent(line);
      if (event?.base_id === base_id) events.push(event);
      else skipped++;
      if ((events.length + skipped) % linesPerTurn === 0) await nextTurn();
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unusable('read', path, error);
  }
  return events.length + skipped === 0 ? undefined : { events, skipped };
}
