// Makes points of the functions that a configuration names, in whatever way their modules are loaded.
import { existsSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';

import { createGuard, guarded } from '../guard.js';
import { type Imports, type Namespace, literally } from '../loading/es-modules.js';
import { budgetOf, tellCut } from './budget.js';
import { type RequiredExports, importedExports, requiredExports, showImporters } from './exports.js';
import { type Recorded, type Recording, isRecorded, record, wrapperOf } from './functions.js';
import { type Pattern, patternOf } from './patterns.js';
import { type Exports, type Placing, place, stepsOf } from './places.js';

/** An entry of the configuration. */
export interface Named extends Recorded {
  /** Where it stands: `points[0]`. */
  readonly at: string;
  readonly module: string;
  readonly export: string;
}

export interface Limits {
  readonly functions: number;
  readonly points: number;
}

interface Skipped {
  readonly at: string;
  readonly label: string;
  readonly why: string;
}

/** The outcome for each entry. */
export interface NamedReport {
  /** The functions that are points, by their entries and their modules. */
  readonly wrapped: { readonly at: string; readonly label: string; readonly module: string }[];
  skipped(): readonly Skipped[];
  /** Entries that match nothing so far, and why. */
  unmatched(): readonly { readonly at: string; readonly why: string }[];
}

interface Entry extends Named {
  readonly pattern: Pattern;
  /** The modules that were loaded. */
  readonly modules: Set<string>;
  places: number;
}

/** The hook of require-in-the-middle, whose types are those of functions. */
interface RequireHooks {
  readonly Hook: new (
    modules: readonly string[],
    onRequire: (exports: unknown, name: string, folder: string | undefined) => unknown,
  ) => object;
}

/**
 * Hooks the modules that are named.
 *
 * @returns `imports`: the hooks of modules that are imported, which the caller sets; undefined if only parts of Node
 *   are named
 */
export function hookNamed(
  named: readonly Named[],
  folder: string,
  limits: Limits,
): { readonly imports: Imports | undefined; readonly report: NamedReport } {
  const entries = named.map((each): Entry => ({
    ...each,
    pattern: patternOf(each.module, folder),
    modules: new Set(),
    places: 0,
  }));
  const skips: (Skipped & { readonly module: string })[] = [];
  const report: NamedReport = {
    wrapped: [],
    // A class that `*` leaves alone may be named by another entry.
    skipped: () =>
      skips.filter(
        ({ label, module }) => !report.wrapped.some((each) => each.label === label && each.module === module),
      ),
    unmatched: () => entries.flatMap(whyUnmatched),
  };
  let isFull = false;
  // A module that is loaded again, as by a hot reload, has the same functions.
  const counted = new Set<string>();

  const placingOf = (entry: Entry, module: string): Placing => {
    const { at } = entry;
    // The objects that a factory gives have the same functions each time.
    const told = new Set<string>();
    const recordings = new Map<string, Recording>();
    const skipped = (label: string, why: string): void => {
      if (told.has(label)) return;
      told.add(label);
      skips.push({ at, label, why, module });
    };
    return {
      skipped,
      isNode: module.startsWith('node:'),
      wrap(fn, label, put) {
        const id = `${at} ${module} ${label}`;
        const isNew = !recordings.has(label) && !isRecorded(fn) && !counted.has(id);
        if (isNew && report.wrapped.length >= limits.functions) {
          if (!isFull) skipped(label, `the limit of ${limits.functions} functions, also for those after it`);
          isFull = true;
          return;
        }
        if (!put(wrapperOf(fn))) {
          skipped(label, 'read-only');
          return;
        }
        if (isNew) {
          counted.add(id);
          report.wrapped.push({ at, label, module });
        }
        const as = recordings.get(label) ?? { ...entry, label, take: budgetOf(label, limits.points) };
        recordings.set(label, as);
        record(fn, as);
      },
    };
  };

  function placeAll(those: readonly Entry[], module: string, exports: (entry: Entry) => Exports): void {
    for (const entry of those) {
      const guard = createGuard(`${entry.at}, ${module}`);
      guarded(guard, () => {
        entry.modules.add(module);
        entry.places += place(exports(entry), stepsOf(entry.export), placingOf(entry, module));
      });
    }
  }

  function required(those: readonly Entry[], module: string, exports: unknown): RequiredExports {
    const its = requiredExports(nameOf(those, module), exports);
    placeAll(those, module, () => its);
    its.close();
    return its;
  }

  function imported(path: string, namespace: Namespace, specifier: string, format?: string): void {
    const those = entries.filter(({ pattern }) => isMeant(pattern, path, specifier));
    if (those.length === 0) return;
    if (isOfCommonJS(namespace, format))
      showImporters(namespace, required(those, path, namespace['default']));
    else placeAll(those, path, () => importedExports(nameOf(those, path), namespace));
  }

  tellCut(limits.points);
  hookBuiltins(entries, required);
  const files = entries.flatMap(({ pattern }) => pattern.files);
  const names = entries.flatMap(({ pattern }) => pattern.names);
  if (files.length + names.length > 0) {
    const { Hook } = require('require-in-the-middle') as RequireHooks;
    new Hook([...files, ...names], (exports, name, within) => {
      const file = fileOf(files, name, within, exports);
      const those = entries.filter(({ pattern }) =>
        isMeant(pattern, file ?? '', file === undefined ? name : ''),
      );
      const current = required(those, file ?? name, exports).current();
      if (file !== undefined && current !== exports) replaceInCache(file, exports, current);
      return current;
    });
  }
  const patterns = entries.filter(({ pattern }) => pattern.builtin === undefined);
  const imports: Imports | undefined =
    patterns.length === 0
      ? undefined
      : {
          paths: new RegExp(patterns.map(({ pattern }) => pathsOf(pattern).source).join('|')),
          names,
          tell: imported,
        };
  return { imports, report };
}

/** The name of a module's default export: the package, or the file. */
const nameOf = (those: readonly Entry[], module: string): string =>
  those.find(({ pattern }) => pattern.names.length > 0)?.pattern.names[0] ??
  basename(module, extname(module));

const isMeant = ({ names, files, paths }: Pattern, path: string, specifier: string): boolean =>
  names.includes(specifier) || files.includes(path) || paths?.test(path) === true;

const nothing = /(?!)/;

/** Matches the files of a package as well that is named by its name alone. */
const pathsOf = ({ paths = nothing, files, names }: Pattern): RegExp =>
  names.length === 0 ? paths : new RegExp(files.map((file) => `^${literally(file)}$`).join('|') || '(?!)');

function hookBuiltins(
  entries: readonly Entry[],
  hook: (those: readonly Entry[], module: string, exports: unknown) => unknown,
): void {
  const named = new Set(entries.flatMap(({ pattern }) => pattern.builtin ?? []));
  for (const builtin of named) {
    const those = entries.filter(({ pattern }) => pattern.builtin === builtin);
    hook(those, `node:${builtin}`, require(`node:${builtin}`));
  }
}

/** require-in-the-middle tells the folder and the name of a file, without its extension. */
function fileOf(
  files: readonly string[],
  name: string,
  folder: string | undefined,
  exports: unknown,
): string | undefined {
  const those = files.filter((file) => dirname(file) === folder && basename(file, extname(file)) === name);
  return those.length > 1 ? those.find((file) => require.cache[file]?.exports === exports) : those[0];
}

/** Those who import the module, or require it in other ways, get what it exports from its place in the cache. */
function replaceInCache(file: string, exports: unknown, current: unknown): void {
  const module = require.cache[file];
  if (module !== undefined && module.exports === exports) module.exports = current;
}

function isOfCommonJS(namespace: Namespace, format: string | undefined): boolean {
  if (format !== undefined) return format.startsWith('commonjs') || format === 'builtin';
  return Object.hasOwn(namespace, 'module.exports');
}

function whyUnmatched({ at, module, export: name, pattern, modules, places }: Entry): readonly {
  readonly at: string;
  readonly why: string;
}[] {
  if (places > 0) return [];
  if (modules.size > 0) return [{ at, why: `${[...modules].slice(0, 3).join(', ')} has no ${name}` }];
  if (pattern.files.length === 0 && pattern.builtin === undefined)
    return [{ at, why: `${module} is not there, or cannot be required` }];
  const [file] = pattern.files;
  if (file !== undefined && !pattern.files.some((each) => existsSync(each)))
    return [{ at, why: `there is no file ${file}` }];
  if (pattern.files.includes(process.argv[1] ?? ''))
    return [{ at, why: `${module} is the application's main file, which cannot be hooked` }];
  return [{ at, why: `${module} has not been loaded` }];
}
