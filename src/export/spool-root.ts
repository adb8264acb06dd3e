// Finds the user's own spool below a folder in which everybody may make folders. If somebody else has made the
// folder of the usual name, the spool is another one. All processes of the user find that one, because it is the
// oldest that belongs to the user.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf } from '../trace/notice.js';

const usualName = (): string => `ostrace-spool-${process.getuid?.() ?? 'user'}`;

/**
 * Finds the spool, or the place where it would be. It may not exist yet, and must be looked for again when it is
 * made.
 */
export function findRoot(temporary: string): string {
  const usual = join(temporary, usualName());
  return isOwn(usual) ? usual : (oldestOther(temporary) ?? usual);
}

/** Makes the folder, unless it exists. */
export function makeRoot(temporary: string): string {
  const root = findRoot(temporary);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch {
    // Something else has this name.
  }
  if (isOwn(root)) return root;
  try {
    mkdtempSync(`${join(temporary, usualName())}-`);
  } catch (error) {
    throw new Error(
      `no spool can be made in ${temporary}: ${messageOf(error)}; name a folder with OSTRACE_SPOOL`,
      {
        cause: error,
      },
    );
  }
  // If two folders are made at the same time, both processes take the same one.
  return findRoot(temporary);
}

/** Whether only this user may enter a folder. */
export function isOwn(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || found.uid !== (process.getuid?.() ?? found.uid)) return false;
  return process.platform === 'win32' || (found.mode & 0o077) === 0;
}

function oldestOther(temporary: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(temporary);
  } catch {
    return undefined;
  }
  const [oldest] = names
    .filter((name) => name.startsWith(`${usualName()}-`))
    .map((name) => join(temporary, name))
    .filter(isOwn)
    .map((path) => ({ path, made: lstatSync(path, { throwIfNoEntry: false })?.birthtimeMs ?? Infinity }))
    .toSorted((a, b) => a.made - b.made || (a.path < b.path ? -1 : 1));
  return oldest?.path;
}
