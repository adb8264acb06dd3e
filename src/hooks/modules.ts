import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hook } from 'require-in-the-middle';

import { createGuard, guarded } from './guard.js';
import { amongOwnModules, currentCache, rememberOwnModules } from './own-modules.js';

/** Versions from the first, inclusive, to the second, exclusive. */
export type VersionRange = readonly [from: string, below: string];

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
  load(): readonly ModuleHook[];
}

/**
 * Hooks files of packages as they are loaded. Prototypes are patched in files behind the packages' main
 * ones, because an ES module that imports a CommonJS package loads all but the main file by `require`:
 * one hook serves both kinds of application, and no loader is needed.
 *
 * @returns hooks what is loaded already, without the hook seeing it: by an earlier preload, or by Node's own
 *   loader where somebody's loader, or Node 22's type stripping, gives it the source of a CommonJS file
 */
export function hookModules(instrumentations: readonly LazyInstrumentation[]): () => void {
  const byFile = new Map(instrumentations.flatMap((each) => each.files.map((file) => [file, each] as const)));
  if (byFile.size === 0) return () => {};
  rememberOwnModules();
  new Hook([...byFile.keys()], (exports, name, basedir) => {
    const file = name.replaceAll('\\', '/');
    const guard = createGuard(file);
    guarded(guard, () => {
      const version = basedir === undefined ? undefined : versionOf(basedir);
      if (version === undefined) return;
      for (const hook of amongOwnModules(() => byFile.get(file)?.load() ?? [])) {
        if (hook.file === file && isWithin(version, hook.versions)) {
          hook.install(exports, (other) => require(join(basedir!, other)) as unknown);
        }
      }
    });
    return exports;
  });
  const targets = pathsOf([...byFile.keys()]);
  let seen = 0;
  const hookLoaded = (): void => {
    const cache = currentCache();
    const files = Object.keys(cache);
    // At each first trace: in a large application this is a millisecond, and mostly nothing was added.
    if (files.length === seen) return;
    seen = files.length;
    for (const file of files) if (targets.test(file) && cache[file]?.loaded === true) requireAgain(file);
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

function versionOf(basedir: string): string | undefined {
  const { version } = JSON.parse(readFileSync(join(basedir, 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return typeof version === 'string' ? version : undefined;
}

/** Whether a version is in a range; a pre-release counts as the version that it leads to. */
function isWithin(version: string, [from, below]: VersionRange): boolean {
  return compare(version, from) >= 0 && compare(version, below) < 0;
}

function compare(a: string, b: string): number {
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbers = (version: string): number[] => version.split(/[-+]/)[0]!.split('.').map(Number);
