// Whose the folders and files of a spool are, and for which store: their names and owners say it.
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, statSync } from 'node:fs';
import { hostname } from 'node:os';

import { schemeOf } from '../drivers/schemes.js';

/** Nobody who lives leaves a file of its own untouched for so long. */
const abandonedMs = 60_000;

const nameForm = /^(\d{13})\.[0-9a-f]{12}\.(\d+)\.([^.]*)\.jsonl$/;
const host = hostname().replace(/[^\w-]/g, '_');

export function isSegmentName(name: string): boolean {
  return nameForm.test(name);
}

/**
 * @param created milliseconds since 1970, in 13 digits: the names sort by it
 * @param mark of the exporter that makes it
 */
export function newName(created: string, mark: string): string {
  return `${created}.${mark}${randomBytes(3).toString('hex')}.${process.pid}.${host}.jsonl`;
}

/** What all files of one exporter have in their names, also where its thread had to be started again. */
export function newMark(): string {
  return randomBytes(3).toString('hex');
}

export function isMarked(name: string, mark: string): boolean {
  return name.slice(14).startsWith(mark);
}

/** Where everybody may make folders, somebody else may have made this one. */
export function assertOwn(folder: string): void {
  const found = lstatSync(folder);
  const isOwn = found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
  const isClosed = process.platform === 'win32' || (found.mode & 0o077) === 0;
  if (isOwn && isClosed) return;
  throw new Error(
    `${folder} is not a folder that only this user may enter; remove it, or name another with OSTRACE_SPOOL`,
  );
}

/** One folder for each store, whatever name and password it is used with. */
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
    return Date.now() - statSync(path).mtimeMs > abandonedMs;
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
