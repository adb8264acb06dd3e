import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hook } from 'require-in-the-middle';

import { createGuard, guarded } from './guard.js';
import { amongOwnModules, currentCache, rememberOwnModules } from './own-modules.js';
import type { Settings } from './settings.js';
import { type VersionRange, isWithin } from './version-range.js';

/** What to do with a file of a package. Rows for one file have disjoint ranges. */
export interface ModuleHook {
  /** The package and the file in it, without its extension: `pg/lib/client`; a package alone is its main file. */
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
  load(settings: Settings): readonly ModuleHook[];
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
 * @param builtins called when a part of Node is required, by its name; an `import` is not seen
 * @returns hooks what is loaded already, without the hook seeing it: by an earlier preload, or by Node's own
 *   loader where somebody's loader, or Node 22's type stripping, gives it the source of a CommonJS file
 */
export function hookModules(
  instrumentations: readonly LazyInstrumentation[],
  settings: Settings,
  reports: HookReports,
  builtins: ReadonlyMap<string, () => void> = new Map(),
): () => void {
  const byFile = new Map(instrumentations.flatMap((each) => each.files.map((file) => [file, each] as const)));
  const names = [...byFile.keys(), ...builtins.keys()];
  if (names.length === 0) return () => {};
  rememberOwnModules();
  const skipped = new Set<string>();
  new Hook(names, (exports, name, basedir) => {
    const file = name.replaceAll('\\', '/');
    const guard = createGuard(file);
    guarded(guard, () => {
      if (basedir === undefined) {
        builtins.get(file)?.();
        return;
      }
      const hooks = amongOwnModules(() => byFile.get(file)?.load(settings) ?? []);
      const version = versionOf(basedir);
      for (const hook of hooks) {
        if (hook.file === file && isWithin(version, hook.versions)) {
          hook.install(exports, (other) => require(join(basedir, other)) as unknown);
          reports.onHooked(packageOf(file), version, join(basedir, file.slice(packageOf(file).length)));
        }
      }
      const ranges = rangesOf(packageOf(file), hooks);
      const isSkipped = !ranges.some((range) => isWithin(version, range));
      const told = `${packageOf(file)}@${version}`;
      if (isSkipped && !skipped.has(told)) {
        skipped.add(told);
        reports.onSkipped(packageOf(file), version, ranges);
      }
    });
    return exports;
  });
  const targets = pathsOf([...byFile.keys()]);
  let count = 0;
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
      if (!targets.test(file)) continue;
      found.set(file, cache[file]);
      if (cache[file]?.loaded === true) requireAgain(file);
    }
  };
  hookLoaded();
  return hookLoaded;
}

/** Matches where the files lie: `…/node_modules/pg/lib/client.js`; of a package's main file, its folder. */
function pathsOf(files: readonly string[]): RegExp {
  const ends = files.map((file) => (file.includes('/') ? `${file}\\.js$` : `${file}/`));
  return new RegExp(`/node_modules/(?:${ends.join('|')})`.replaceAll('/', '[\\\\/]'));
}

function requireAgain(file: string): void {
  try {
    require(file);
  } catch {
    // The file is gone by now: its package stays untraced.
  }
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
