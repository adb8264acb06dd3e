// Hooks the files of packages as they are loaded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { PublishedHook } from '../calls/published.js';
import { createGuard, guarded } from '../guard.js';
import { Module } from './node-module.js';
import type { AgentPort } from '../port.js';
import { type VersionRange, isWithin } from './version-range.js';

/** A hook for a file of a package. Rows for one file have disjoint ranges. */
export interface ModuleHook {
  /** The package and the file in it, without its extension: `pg/lib/client`. */
  readonly file: string;
  /** The versions that the hook is for; all supported versions of the package if undefined. */
  readonly versions: VersionRange | undefined;
  /**
   * @param exports what the file exports
   * @param load requires another file of the same package: `load('lib/connection-parameters')`
   * @param need requires a package as the file itself does
   * @param folder the package's folder
   */
  install(
    exports: unknown,
    load: (file: string) => unknown,
    need: (name: string) => unknown,
    folder: string,
  ): void;
}

/** The hooks of a package. */
export interface Instrumentation {
  hooks(agent: AgentPort): readonly ModuleHook[];
  /** The channels on which it publishes its calls. */
  channels?(agent: AgentPort): readonly PublishedHook[];
  /** Hooks what the package runs in a thread of its own, whose main file is `threadMain` of its row. */
  thread?(agent: AgentPort): void;
}

/** A package, found by its name, and the function that loads its instrumentation with the first of its files. */
export interface Hookable {
  readonly package: string;
  readonly versions: readonly VersionRange[];
  /**
   * The hooked files that may be imported as ES modules, as hooks name them. Other files are seen only when they are
   * required.
   */
  readonly esModules?: readonly string[];
  /** It publishes its calls on channels, which are subscribed to while a trace is live. */
  readonly publishes?: boolean;
  /** The channels on which it publishes: its target is loaded with the first message. */
  readonly channels?: readonly string[];
  /** The main file of the threads that it makes: `piscina/dist/worker.js`. */
  readonly threadMain?: string;
  load(): Instrumentation;
}

/** Learns, as the hooked packages are loaded, what becomes of them. */
export interface HookReports {
  /** @param file the hooked file's path, without its extension */
  onHooked(name: string, version: string, file: string): void;
  /**
   * The package is left alone, because its version is in none of the ranges. This is told once for each version. A
   * package that names no version is not supported: its version is empty.
   */
  onSkipped(name: string, version: string, ranges: readonly VersionRange[]): void;
}

/**
 * Hooks files of packages as they are loaded. Prototypes are patched in files behind a package's main file. An ES
 * module that imports a CommonJS package loads all files but the main one by `require`, so one hook serves both kinds
 * of application, and no loader is needed.
 *
 * The hook is in `Module.prototype.load`, which reads a CommonJS file however the file is asked for. A file that is
 * in the cache already is required without passing through our code.
 *
 * @returns `hookLoaded` hooks the files that were loaded without the hook seeing it: by an earlier preload, or by
 *   Node's own loader if another loader, or Node 22's type stripping, gives it the source of a CommonJS file.
 *   `hookImported` hooks an ES module
 */
export function hookModules(
  packages: readonly Hookable[],
  agent: AgentPort,
  reports: HookReports,
): {
  readonly hookLoaded: () => void;
  readonly hookImported: (path: string, exports: object) => void;
} {
  if (packages.length === 0) return { hookLoaded: () => {}, hookImported: () => {} };
  const paths = pathsIn(packages.map((each) => each.package));
  const loaded = new Map<Hookable, readonly ModuleHook[]>();
  const skipped = new Set<string>();
  const seen = new WeakSet<NodeJS.Module>();
  // The number of files that were loaded at the last look.
  let count = 0;

  function hooksOf(each: Hookable): readonly ModuleHook[] {
    let hooks = loaded.get(each);
    if (hooks === undefined) {
      const guard = createGuard(each.package);
      hooks = guarded(guard, () => checked(each.load().hooks(agent)));
      // The cause of the failure may pass, so they are asked for again when the next trace begins.
      if (hooks === undefined && !guard.off) count = -1;
      else loaded.set(each, (hooks ??= []));
    }
    return hooks ?? [];
  }

  /** The hooked file that a path means, if there is one. */
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
          install(
            module.exports,
            (other) => require(join(basedir, other)) as unknown,
            (other) => module.require(other) as unknown,
            basedir,
          );
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
    // The cause of the failure may pass, so the file is looked at again when the next trace begins.
    seen.delete(module);
    count = -1;
  }

  onLoad(targetOf, hook);

  let last: string | undefined;
  const found = new Map<string, unknown>();
  const hookLoaded = (): void => {
    const cache = currentCache();
    const files = Object.keys(cache);
    // This runs at each first trace. Looking at all names takes a millisecond in a large application, and mostly
    // nothing was added. A module that is loaded again, as by a hot reload, leaves the number of files as it was.
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
  return {
    hookLoaded,
    hookImported(path, exports) {
      const target = targetOf(path);
      if (target !== undefined) hook({ exports } as NodeJS.Module, target);
    },
  };
}

/** A file that is hooked. */
interface Target {
  /** The package's name. */
  readonly name: string;
  /** The file's name as hooks write it. */
  readonly file: string;
  /** The package's folder. */
  readonly basedir: string;
}

/** Node's method is not documented, and has existed since version 0.x. */
interface Loader {
  load: (this: NodeJS.Module, path: string) => unknown;
}

/** `require.cache`. It is looked up each time, because an application may have replaced it by another object. */
const currentCache = (): NodeJS.Dict<NodeJS.Module> =>
  (Module as unknown as { _cache: NodeJS.Dict<NodeJS.Module> })._cache;

/**
 * Tells of files that have been loaded. The method is replaced by a getter, so our code is not on the stack while
 * other files run: there it would show whenever one of them throws.
 *
 * @param targetOf gives undefined for a file that need not be told of
 */
function onLoad(
  targetOf: (path: string) => Target | undefined,
  tell: (module: NodeJS.Module, target: Target) => void,
): void {
  const prototype = Module.prototype as unknown as Loader;
  let original = prototype.load;
  // Stacks name the function by the property that holds it, and no property holds it any more.
  if (original.name === '') Object.defineProperty(original, 'name', { value: 'load', configurable: true });
  Object.defineProperty(prototype, 'load', {
    configurable: true,
    enumerable: true,
    get(this: Partial<NodeJS.Module>) {
      // The main file has another text as its id, and the prototype has none.
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
  const folders = names.map((name) => name.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]'));
  // A package may have others in a `node_modules` of its own: the last package of a path is the one that counts.
  const file = '(?!node_modules[\\\\/])(?:(?![\\\\/]node_modules[\\\\/]).)+';
  return new RegExp(`[\\\\/]node_modules[\\\\/](${folders.join('|')})[\\\\/](${file})\\.[cm]?js$`);
}

/** Hooks as they are written by somebody else: what is wrong with them shows here, and not while a file is loaded. */
function checked(hooks: readonly ModuleHook[]): readonly ModuleHook[] {
  return [...hooks].map((hook) => {
    if (typeof hook.file !== 'string' || typeof hook.install !== 'function') {
      throw new TypeError('a hook has no file or no install');
    }
    if (/\.[cm]?js$/.test(hook.file)) throw new TypeError(`${hook.file} is named with its extension`);
    return hook;
  });
}

const isAmong = (version: string, ranges: readonly VersionRange[]): boolean =>
  ranges.some((range) => isWithin(version, range));

function versionOf(basedir: string): string {
  const { version } = JSON.parse(readFileSync(join(basedir, 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return typeof version === 'string' ? version : '';
}
