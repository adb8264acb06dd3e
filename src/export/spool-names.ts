// The names of the files of a spool. They say which process owns a file, and for which store it is.
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, opendirSync } from 'node:fs';
import { hostname } from 'node:os';

import { schemeOf } from '../drivers/schemes.js';

/** A living process touches its files more often than this. */
const abandonedMs = 60_000;

/** A folder that others may write to can hold any number of files. */
const mostFiles = 10_000;

const nameForm = /^(\d{13})\.[0-9a-f]{12}\.(\d+)\.([^.]*)\.jsonl$/;
const host = hostname().replace(/[^\w-]/g, '_');

/**
 * The names of the regular files in a folder that look like ours, the oldest first, up to a limit. Files of others
 * are left alone.
 */
export function segmentsIn(path: string): string[] {
  const names: string[] = [];
  try {
    const folder = opendirSync(path, { bufferSize: 1000 });
    try {
      for (let i = 0; i < mostFiles; i++) {
        const entry = folder.readSync();
        if (entry === null) break;
        if (entry.isFile() && nameForm.test(entry.name)) names.push(entry.name);
      }
    } finally {
      folder.closeSync();
    }
  } catch {
    // The folder does not exist, or cannot be read.
  }
  return names.toSorted();
}

export function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * @param created milliseconds since 1970, in 13 digits, by which the names sort
 * @param mark of the exporter that makes it
 */
export function newName(created: string, mark: string): string {
  return `${created}.${mark}${randomBytes(3).toString('hex')}.${process.pid}.${host}.jsonl`;
}

/** The part that the names of all files of one exporter share, also after its thread had to be started again. */
export function newMark(): string {
  return randomBytes(3).toString('hex');
}

export function isMarked(name: string, mark: string): boolean {
  return name.slice(14).startsWith(mark);
}

/** One folder for each store, independent of the name and password with which it is used. */
export function storeKey(connectionString: string, transportUrl = ''): string {
  const isNamed = schemeOf(connectionString) !== 'messaging';
  const store = (isNamed ? connectionString : connectionString + transportUrl).replace(/:\/\/[^/]*@/, '://');
  const digest = createHash('sha256').update(store).digest('hex').slice(0, 16);
  return `${schemeOf(connectionString).replace(/[^a-z0-9]/g, '_')}-${digest}`;
}

/** Whether the process that owns a file is gone. */
export function isAbandoned(path: string, name: string): boolean {
  const [, , pid, owner] = nameForm.exec(name) ?? [];
  if (owner === host && Number(pid) !== process.pid && !isAlive(Number(pid))) return true;
  try {
    return Date.now() - lstatSync(path).mtimeMs > abandonedMs;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
