// Tells which line of the application's code makes the running call.
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cut } from '../../trace/info.js';
import { findSite } from './call-sites.js';

/** A line of the application's code, as the info of an event names it. */
export interface CodePlace {
  /** Below the working directory or the folder of the main file; elsewhere only the file's name. */
  readonly file: string;
  readonly line: number;
  /** Undefined for a function without a name. */
  readonly function?: string;
}

// Most calls are made near the top of the stack.
const near = 12;
const most = 100;
const longest = 200;

/** The folder of the agent's own code, with a separator at its end. */
const own = join(resolve(__dirname, '..'), sep);
const packages = /[\\/]node_modules[\\/]/;

/**
 * How files are shown; '' for those that are not the application's. To work it out takes longer than to read the
 * stack, and it stays as it is when the working directory changes. An application has few files, but it may make code under as many names as it likes.
 */
const shown = new Map<string, string>();
const mostShown = 2000;

/** The innermost place on the stack that is the application's; undefined if there is none. */
export function callPlace(): CodePlace | undefined {
  const isApplications = (file: string): boolean => shownFile(file) !== '';
  const { site: first, places } = findSite(near, isApplications);
  const site = first ?? (places < near ? undefined : findSite(most, isApplications).site);
  if (site?.file === undefined || site.line === undefined) return undefined;
  const place = { file: shownFile(site.file), line: site.line };
  const name = functionIn(site.name);
  return name === '' ? place : { ...place, function: cut(name, longest) };
}

/** `Orders.list` as `list`, and `[Symbol.iterator]` as it is; '' for a function without a name. */
const functionIn = (name: string): string =>
  name.endsWith(']') ? name : name.slice(name.lastIndexOf('.') + 1);

function shownFile(file: string): string {
  let name = shown.get(file);
  if (name === undefined) {
    const path = pathOf(file);
    const isApplications = !packages.test(file) && isAbsolute(path) && !path.startsWith(own);
    name = isApplications ? cut(shownPath(path), longest) : '';
    if (shown.size < mostShown) shown.set(file, name);
  }
  return name;
}

/** The path of a file; '' for code that is in no file. */
function pathOf(file: string): string {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return '';
  }
}

/** The path as it is shown: nothing of it tells in whose folder it is. */
function shownPath(path: string): string {
  const home = homedir();
  for (const folder of [workingFolder(), dirname(process.argv[1] ?? '')]) {
    const isAboveHome = folder === '' || (join(home, sep).startsWith(join(folder, sep)) && folder !== home);
    const below = relative(folder, path);
    if (!isAboveHome && !below.startsWith('..') && !isAbsolute(below)) return below.replaceAll('\\', '/');
  }
  return basename(path);
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return ''; // it was removed
  }
}
