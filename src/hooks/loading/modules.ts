import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { PublishedHook } from '../calls/published.js';
import { createGuard, guarded } from '../guard.js';
import { Module } from './node-module.js';
import type { AgentPort } from '../port.js';
import { type VersionRange, isWithin } from './version-range.js';

/** What to do with a file of a package. Rows for one file have disjoint ranges. */
export interface ModuleHook {
  /** The package and the file in it, without its extension: `pg/lib/client`. */
  readonly file: string;
  /** All versions of the package that are supported when undefined. */
  readonly versions: VersionRange | undefined;
  /**
   * @param exports what the file exports
   * @param load requires another file of the same package: `load('lib/connection-parameters')`
   */
  install(exports: unknown, load: (file: string) => unknown): void;
}

/** What is hooked of a package. */
export interface Instrumentation {
  hooks(agent: AgentPort): readonly ModuleHook[];
  /** The channels that it publishes its calls on. */
  channels?(agent: AgentPort): readonly PublishedHook[];
}

/** A package, found by its name, and what loads its instrumentation when the first of its files is loaded. */
export interface Hookable {
  readonly package: string;
  readonly versions: readonly VersionRange[];
  /** It publishes its calls on channels: these are subscribed to while a trace is live. */
  readonly publishes?: boolean;
  load(): Instrumentation;
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
  packages: readonly Hookable[],
  agent: AgentPort,
  reports: HookReports,
): () => void {
  if (packages.length === 0) return () => {};
  const paths = pathsIn(packages.map((each) => each.package));
  const loaded = new Map<Hookable, readonly ModuleHook[]>();
  const skipped = new Set<string>();
  const seen = new WeakSet<NodeJS.Module>();
  // How many files were loaded when they were looked at last.
  let count = 0;

  function hooksOf(each: Hookable): readonly ModuleHook[] {
    let hooks = loaded.get(each);
    if (hooks === undefined) {
      const guard = createGuard(each.package);
      hooks = guarded(guard, () => each.load().hooks(agent));
      // What keeps them from being loaded may pass: they are asked for again when the next trace begins.
      if (hooks === undefined && !guard.off) count = -1;
      else loaded.set(each, (hooks ??= []));
    }
    return hooks ?? [];
  }

  /** The file that a path means, if it is hooked. */
  function targetOf(path: string): Target | undefined {
    const match = paths.exec(path);
    if (match === null) return undefined;
    const [, folder = '', rest = ''] = match;
    const name = folder.replaceAll('\\', '/');
    const file = `${name}/${rest.replaceAll('\\', '/')}`;
    const isHooked = packages.some(
      (each) => each.package === name && hooksOf(each).some((its) => its.file === file),
    );
    const basedir = path.slice(0, match.index + '/node_modules/'.length + folder.length);
    return isHooked ? { name, file, basedir } : undefined;
  }

  function hook(module: NodeJS.Module, { name, file, basedir }: Target): void {
    if (seen.has(module)) return;
    seen.add(module);
    const guard = createGuard(file);
    const isDone = guarded(guard, () => {
      const version = versionOf(basedir);
      const ranges: VersionRange[] = [];
      for (const each of packages) {
        if (each.package !== name) continue;
        ranges.push(...each.versions);
        for (const { file: its, versions, install } of hooksOf(each)) {
          const isMeant =
            its === file && isAmong(version, versions === undefined ? each.versions : [versions]);
          if (!isMeant) continue;
          install(module.exports, (other) => require(join(basedir, other)) as unknown);
          reports.onHooked(name, version, join(basedir, file.slice(name.length)));
        }
      }
      const told = `${name}@${version}`;
      if (!isAmong(version, ranges) && !skipped.has(told)) {
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

  onLoad(targetOf, hook);

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
      const target = targetOf(file);
      if (target === undefined) continue;
      const module = cache[file];
      found.set(file, module);
      if (module?.loaded === true) hook(module, target);
    }
  };
  hookLoaded();
  return hookLoaded;
}

/** A file that is hooked. */
interface Target {
  /** The package's. */
  readonly name: string;
  /** As hooks name it. */
  readonly file: string;
  /** The package's folder. */
  readonly basedir: string;
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
  targetOf: (path: string) => Target | undefined,
  tell: (module: NodeJS.Module, target: Target) => void,
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
        tell(this, target);
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

/** Matches files of packages: `pg` and `lib/client` of `…/node_modules/pg/lib/client.js`. */
function pathsIn(names: readonly string[]): RegExp {
  const folders = names.join('|').replaceAll('/', '[\\\\/]');
  return new RegExp(
    `[\\\\/]node_modules[\\\\/](${folders})[\\\\/]((?:(?![\\\\/]node_modules[\\\\/]).)+)\\.c?js$`,
  );
}

const isAmong = (version: string, ranges: readonly VersionRange[]): boolean =>
  ranges.some((range) => isWithin(version, range));

function versionOf(basedir: string): string {
  const { version } = JSON.parse(readFileSync(join(basedir, 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return typeof version === 'string' ? version : '';
}
