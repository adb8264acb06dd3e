// Which modules a configuration means: packages, paths and patterns of paths.
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';

import { literally } from '../loading/es-modules.js';
import { Module } from '../loading/node-module.js';

/** The modules that an entry names. */
export interface Pattern {
  /** The names by which an application asks for it: `billing-sdk`. */
  readonly names: readonly string[];
  /** Matches the paths of its files. */
  readonly paths: RegExp | undefined;
  /** Those of its files that exist now. */
  readonly files: readonly string[];
  /** The name of a part of Node. */
  readonly builtin?: string;
}

const isPath = (text: string): boolean => /^(?:\.{0,2}[\\/]|\.{1,2}$|[a-zA-Z]:[\\/])/.test(text);
const isGlob = (text: string): boolean => /[*?{}]/.test(text);
/** `@scope/name`, or `name`, and what follows it. */
const inPackage = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/;
// A folder with more is not what anybody means.
const mostFiles = 10_000;

/**
 * Finds out what an entry means.
 *
 * @param folder the folder to which paths are relative, and from which packages are looked for
 */
export function patternOf(text: string, folder: string): Pattern {
  if (isPath(text)) {
    const path = resolve(folder, text);
    return isGlob(text) ? globbed(path) : ofFile(path);
  }
  const builtin = text.replace(/^node:/, '');
  if (isBuiltin(text)) return { names: [], paths: undefined, files: [], builtin };
  const [, name = text, rest = ''] = inPackage.exec(text) ?? [];
  if (!isGlob(rest)) {
    const file = resolved(text, folder);
    const files = file === undefined ? [] : [file];
    return { names: [text], paths: undefined, files };
  }
  const root = packageFolder(name, folder);
  const its = root === undefined ? undefined : globbed(join(root, rest));
  const anywhere = `[\\\\/]node_modules[\\\\/]${literally(name)}[\\\\/]${globSource(rest)}$`;
  const here = its?.paths?.source ?? '(?!)';
  return { names: [], paths: new RegExp(`${anywhere}|${here}`), files: its?.files ?? [] };
}

function ofFile(path: string): Pattern {
  const file = existsSync(path) ? real(path) : (resolved(path, dirname(path)) ?? path);
  return { names: [], paths: exactly(file), files: [file] };
}

const exactly = (file: string): RegExp => new RegExp(`^${literally(file)}$`);

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function resolved(name: string, folder: string): string | undefined {
  try {
    return Module.createRequire(join(folder, 'noop.js')).resolve(name);
  } catch {
    return undefined; // it is not there, or has no entry for `require`
  }
}

function packageFolder(name: string, folder: string): string | undefined {
  const path = join(folder, 'node_modules', name);
  if (existsSync(path)) return real(path);
  const parent = dirname(folder);
  return parent === folder ? undefined : packageFolder(name, parent);
}

/** The source of a regular expression: `*` and `?` are within a folder, `**` goes through folders. */
function globSource(glob: string): string {
  const source = glob.replaceAll(sep, '/').replace(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[^*?{}]+/g, (part) => {
    if (part === '**/') return '(?:.*[\\\\/])?';
    if (part === '**') return '.*';
    if (part === '*') return '[^\\\\/]*';
    if (part === '?') return '[^\\\\/]';
    if (part.startsWith('{')) return `(?:${part.slice(1, -1).split(',').map(globSource).join('|')})`;
    return literally(part).replaceAll('\\/', '[\\\\/]');
  });
  return source;
}

function globbed(path: string): Pattern {
  const parts = path.split(/[\\/]/);
  const fixed = parts.slice(0, parts.findIndex(isGlob)).join(sep) || sep;
  const root = real(fixed);
  const glob = parts.slice(parts.findIndex(isGlob)).join('/');
  const paths = new RegExp(`^${literally(root)}[\\\\/]?${globSource(glob)}$`);
  return {
    names: [],
    paths,
    files: [...filesIn(root, glob.includes('/'))].filter((file) => paths.test(file)),
  };
}

function* filesIn(folder: string, isDeep: boolean, counted = { count: 0 }): Generator<string> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return; // it is not there
  }
  for (const entry of entries) {
    if (++counted.count > mostFiles) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && isDeep && entry.name !== 'node_modules') yield* filesIn(path, isDeep, counted);
    else if (entry.isFile()) yield path;
  }
}
