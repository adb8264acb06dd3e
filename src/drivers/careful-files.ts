// Opens files in folders where others may put things of their own: no link is followed, no pipe is waited for, and
// what is written to is a plain file that has no other name. Through a link another file would be changed.
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { DriverError } from './driver.js';

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
// Windows has neither.
const careful = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** How often a file may come and go while it is being opened, before that is a failure. */
const tries = 3;

/** An open file, and how large it was. */
export interface Opened {
  readonly fd: number;
  readonly size: number;
}

/** @throws Error where there is no plain file */
export function openToRead(path: string): Opened {
  return plainFile('read', path, openSync(path, O_RDONLY | careful));
}

/**
 * Opens a file to write to it, and makes it where it is not there.
 *
 * @param isShared whether the group may use what is made
 * @param how appends, unless it says otherwise
 * @throws Error where there is something else than a plain file with one name
 */
export function openToWrite(path: string, isShared: boolean, how: number = O_APPEND): Opened {
  const flags = O_WRONLY | careful | how;
  for (let i = 0; i < tries; i++) {
    const opened = openExisting(path, flags) ?? make(path, flags, isShared);
    if (opened !== undefined) return opened;
  }
  throw new DriverError(
    `cannot write ${path}: the file appears and disappears; check whether another program uses its name`,
  );
}

/** Makes a folder that is the user's own, or the group's too. One that is there stays as it is. */
export function makeFolder(folder: string, isShared: boolean): void {
  const mode = isShared ? 0o770 : 0o700;
  if (mkdirSync(folder, { recursive: true, mode }) === undefined) return;
  // What the process's mask has taken away; and what is made in it belongs to the folder's group.
  if (isShared) chmodSync(folder, 0o2770);
  try {
    writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx', mode: isShared ? 0o660 : 0o600 });
  } catch {
    // Traces may be committed then, which is a pity and no failure.
  }
}

/** Undefined where there is none. */
function openExisting(path: string, flags: number): Opened | undefined {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const opened = plainFile('write', path, fd);
  if (opened.names === 1) return opened;
  closeSync(fd);
  // It was removed just now.
  if (opened.names === 0) return undefined;
  throw new DriverError(`cannot write ${path}: it has other names (hard links); remove or rename it`);
}

/** Undefined where somebody else makes it at the same time. */
function make(path: string, flags: number, isShared: boolean): Opened | undefined {
  let fd: number;
  try {
    fd = openSync(path, flags | O_CREAT | O_EXCL, isShared ? 0o660 : 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  if (isShared) fchmodSync(fd, 0o660);
  return { fd, size: 0 };
}

function plainFile(verb: string, path: string, fd: number): Opened & { readonly names: number } {
  const stats = fstatSync(fd);
  if (stats.isFile()) return { fd, size: stats.size, names: stats.nlink };
  closeSync(fd);
  throw new DriverError(`cannot ${verb} ${path}: it is not a file; remove or rename it`);
}
