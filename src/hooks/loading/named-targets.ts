// Targets of the application's own, which `OSTRACE_INSTRUMENTATIONS` names. They load and are hooked as ours are.
import { messageOf } from '../../trace/notice.js';
import { notMine } from '../calls/call.js';
import {
  callbackIn,
  emitterEvents,
  lastCallback,
  promiseOf,
  resolversOf,
  returnedPromise,
} from '../calls/ends.js';
import { database } from '../targets/database.js';
import type { Hookable, Instrumentation } from './modules.js';
import { Module } from './node-module.js';
import type { VersionRange } from './version-range.js';

/** What a target's `load` is given: the contracts, and the recognisers of how a call ends. */
export const toolbox = {
  database,
  callbackIn,
  emitterEvents,
  lastCallback,
  notMine,
  promiseOf,
  resolversOf,
  returnedPromise,
} as const;

export type Toolbox = typeof toolbox;

/** A target as a file or a package exports it: as `target`, or as several of them in `targets`. */
export interface NamedTarget {
  /** The name of the package that is hooked. */
  readonly package: string;
  /** The versions that are supported, each from the first on and below the second; all of them when not given. */
  readonly versions?: readonly VersionRange[];
  /** The instrumentation names channels: it is loaded when the first trace begins. */
  readonly publishes?: boolean;
  /** Called when a file of the package is loaded for the first time. */
  load(tools: Toolbox): Instrumentation;
}

const anyVersion: readonly VersionRange[] = [['0.0.0', `${Number.MAX_SAFE_INTEGER}.0.0`]];

/**
 * Loads the targets that the configuration names.
 *
 * @param names absolute paths of files, and packages that the working directory's application finds
 * @param say takes a line for people about what can't be used; the others are
 */
export function namedTargets(names: readonly string[], say: (line: string) => void): readonly Hookable[] {
  const load = Module.createRequire(`${process.cwd()}/`);
  return names.flatMap((name) => {
    try {
      return targetsIn(load(name)).map(hookable);
    } catch (error) {
      say(`OSTRACE_INSTRUMENTATIONS names ${name}, which can't be used: ${messageOf(error)}`);
      return [];
    }
  });
}

function targetsIn(exported: unknown): readonly NamedTarget[] {
  const { target, targets } = Object(exported) as { target?: unknown; targets?: unknown };
  const all = Array.isArray(targets) ? (targets as unknown[]) : [target];
  for (const each of all) {
    const { package: name, load, versions = [] } = Object(each) as Partial<NamedTarget>;
    if (typeof name === 'string' && name !== '' && typeof load === 'function' && Array.isArray(versions))
      continue;
    throw new Error('it exports no target; expected exports.target = { package, versions, load }');
  }
  return all as readonly NamedTarget[];
}

const hookable = (target: NamedTarget): Hookable => ({
  package: target.package,
  versions: target.versions ?? anyVersion,
  publishes: target.publishes === true,
  load: () => target.load(toolbox),
});
