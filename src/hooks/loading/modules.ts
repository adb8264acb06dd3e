import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { createGuard, guarded } from '../guard.js';
import { Module } from './node-module.js';
import type { AgentPort } from '../port.js';
import { type VersionRange, isWithin } from './version-range.js';

/** What to do with a file of a package. Rows for one file have disjoint ranges. */
export interface ModuleHook {
  /** The package and the file in it, without its extension: `pg/lib/client`. */
  readonly file: string;
  readonly versions: VersionRange;
  /**
   * @param exports what the file exports
   * @param load requires another file of the same package: `load('lib/connection-parameters')`
   */
  install(exports: unknown, load: (file: string) => unknown): void;
}

/** The files of an instrumentation, and what loads it when the first of them is loaded. */
export interface LazyInstrumentation {
  readonly files: readonly string[];
  load(agent: AgentPort): readonly ModuleHook[];
}

/** Is told what becomes of the packages that have hooks, as they are loaded. */
export interface HookReports {
  /** @param file the hooked file's path, without its extension */
  onHooked(name: string, version: string, file: string): void;
  /**
   * The package is left alone, because its version is in none of the ranges; told once for each version.
   * A package that names no version has none that is supported: its version is empty.
   */
  onSkipped(name: string, version: string, ranges: readonly VersionRange[]): void;
}

/**
 * Hooks files of packages as they are loaded. Prototypes are patched in files behind the packages' main
 * ones, because an ES module that imports a CommonJS package loads all but the main file by `require`:
 * one hook serves both kinds of application, and no loader is needed.
 *
 * The hook is in `Module.prototype.load`, which reads a CommonJS file, in whichever way it came to be asked
 * for: so what is in the cache already is required without passing through anything of ours.
 *
 * @returns hooks what is loaded already, without the hook seeing it: by an earlier preload, or by Node's own
 *   loader where somebody's loader, or Node 22's type stripping, gives it the source of a CommonJS file
 */
export function hookModules(
  instrumentations: readonly LazyInstrumentation[],
  agent: AgentPort,
  reports: HookReports,
): () => void {
  const byFile = new Map(instrumentations.flatMap((each) => each.files.map((file) => [file, each] as const)));
  if (byFile.size === 0) return () => {};
  const targets = pathsOf([...byFile.keys()]);
  const skipped = new Set<string>();
  const seen = new WeakSet<NodeJS.Module>();
  // How many files were loaded when they were looked at last.
  let count = 0;

  function hook(module: NodeJS.Module, path: string, target: string): void {
    if (seen.has(module)) return;
    seen.add(module);
    const file = target.replaceAll('\\', '/');
    const name = packageOf(file);
    const basedir = path.slice(0, path.lastIndexOf(target) + name.length);
    const guard = createGuard(file);
    const isDone = guarded(guard, () => {
      const hooks = byFile.get(file)?.load(agent) ?? [];
      const version = versionOf(basedir);
      for (const each of hooks) {
        if (each.file === file && isWithin(version, each.versions)) {
          each.install(module.exports, (other) => require(join(basedir, other)) as unknown);
          reports.onHooked(name, version, join(basedir, file.slice(name.length)));
        }
      }
      const ranges = rangesOf(name, hooks);
      const isSkipped = !ranges.some((range) => isWithin(version, range));
      const told = `${name}@${version}`;
      if (isSkipped && !skipped.has(told)) {
        skipped.add(told);
        reports.onSkipped(name, version, ranges);
      }
      return true;
    });
    if (isDone === true || guard.off) return;
    // What keeps it from that may pass: it is looked at again when the next trace begins.
    seen.delete(module);
    count = -1;
  }

  onLoad((path) => targets.exec(path)?.[1], hook);

  let last: string | undefined;
  const found = new Map<string, unknown>();
  const hookLoaded = (): void => {
    const cache = currentCache();
    const files = Object.keys(cache);
    // At each first trace: to look at the names in a large application is a millisecond, and mostly nothing was
    // added. What is loaded anew, as by a hot reload, leaves their number as it was.
    const isSame = files.length === count && files.at(-1) === last;
    if (isSame && [...found].every(([file, module]) => cache[file] === module)) return;
    count = files.length;
    last = files.at(-1);
    found.clear();
    for (const file of files) {
      const target = targets.exec(file)?.[1];
      if (target === undefined) continue;
      const module = cache[file];
      found.set(file, module);
      if (module?.loaded === true) hook(module, file, target);
    }
  };
  hookLoaded();
  return hookLoaded;
}

/** Not in Node's documentation, and there since version 0.x. */
interface Loader {
  load: (this: NodeJS.Module, path: string) => unknown;
}

/** `require.cache`, asked for each time: an application may have put another object in its place. */
const currentCache = (): NodeJS.Dict<NodeJS.Module> =>
  (Module as unknown as { _cache: NodeJS.Dict<NodeJS.Module> })._cache;

/**
 * Tells of files that have been loaded. A getter in the method's place, so that nothing of ours is on the stack
 * while other files run: that shows wherever one of them throws.
 *
 * @param targetOf gives undefined for a file that is not to be told of
 */
function onLoad(
  targetOf: (path: string) => string | undefined,
  tell: (module: NodeJS.Module, path: string, target: string) => void,
): void {
  const prototype = Module.prototype as unknown as Loader;
  let original = prototype.load;
  // Stacks name it by the property that it is the value of, which it is no longer.
  if (original.name === '') Object.defineProperty(original, 'name', { value: 'load', configurable: true });
  Object.defineProperty(prototype, 'load', {
    configurable: true,
    enumerable: true,
    get(this: Partial<NodeJS.Module>) {
      // Of the main file it is another text, and of the prototype there is none.
      const target = typeof this.id === 'string' ? targetOf(this.id) : undefined;
      if (target === undefined) return original;
      return function load(this: NodeJS.Module, path: string): unknown {
        const result: unknown = Reflect.apply(original, this, [path]);
        tell(this, path, target);
        return result;
      };
    },
    set(this: object, value: Loader['load']) {
      if (this === prototype) original = value;
      else
        Object.defineProperty(this, 'load', { value, configurable: true, enumerable: true, writable: true });
    },
  });
}

/** Matches where the files lie, and takes out which they are: `pg/lib/client` of `…/node_modules/pg/lib/client.js`. */
function pathsOf(files: readonly string[]): RegExp {
  return new RegExp(`/node_modules/(${files.join('|')})\\.js$`.replaceAll('/', '[\\\\/]'));
}

/** The package that a file is in: `pg` of `pg/lib/client`. */
const packageOf = (file: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? file;

/** The versions of a package for which there is any hook; several of its files may have the same. */
function rangesOf(name: string, hooks: readonly ModuleHook[]): readonly VersionRange[] {
  const ranges = hooks.filter(({ file }) => packageOf(file) === name).map(({ versions }) => versions);
  return [...new Map(ranges.map((range) => [range.join(), range])).values()];
}

function versionOf(basedir: string): string {
  const { version } = JSON.parse(readFileSync(join(basedir, 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return typeof version === 'string' ? version : '';
}
