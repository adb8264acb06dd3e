// Where the user's own spool is, below a folder where everybody may make folders. Somebody else may have made the one
// of the usual name: then it is another one, which all processes of the user find, as it is the oldest that is theirs.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf } from '../trace/notice.js';

const usualName = (): string => `ostrace-spool-${process.getuid?.() ?? 'user'}`;

/** Where the spool is, or would be; it may not be there yet, and must be looked at again when it is made. */
export function findRoot(temporary: string): string {
  const usual = join(temporary, usualName());
  return isOwn(usual) ? usual : (oldestOther(temporary) ?? usual);
}

/** Makes it, unless it is there. */
export function makeRoot(temporary: string): string {
  const root = findRoot(temporary);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch {
    // There is something else of that name.
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
  // Of two that are made at the same time both processes take the same.
  return findRoot(temporary);
}

/** Whether a folder is one that only this user may enter. */
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
