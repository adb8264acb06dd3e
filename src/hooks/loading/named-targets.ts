// Loads the application's own targets, which `OSTRACE_INSTRUMENTATIONS` names. They are hooked in the same way as
// ours.
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
import { route } from '../targets/route.js';
import { rpc } from '../targets/rpc.js';
import type { Hookable, Instrumentation } from './modules.js';
import { Module } from './node-module.js';
import type { VersionRange } from './version-range.js';

/** The tools that a target's `load` gets: the contracts, and the recognisers of how a call ends. */
export const toolbox = {
  database,
  route,
  rpc,
  callbackIn,
  emitterEvents,
  lastCallback,
  notMine,
  promiseOf,
  resolversOf,
  returnedPromise,
} as const;

export type Toolbox = typeof toolbox;

/** A target as a file or a package exports it: one as `target`, several as `targets`. */
export interface NamedTarget {
  /** The name of the package that is hooked. */
  readonly package: string;
  /** The versions that are supported, each from the first and below the second; all versions if undefined. */
  readonly versions?: readonly VersionRange[];
  /**
   * The files, as hooks name them, that are ES modules or that ES modules import; the others are seen when they are
   * required.
   */
  readonly esModules?: readonly string[];
  /** Called when a file of the package is loaded for the first time. */
  load(tools: Toolbox): Instrumentation;
}

const anyVersion: readonly VersionRange[] = [['0.0.0', `${Number.MAX_SAFE_INTEGER}.0.0`]];

/**
 * Loads the targets that the configuration names.
 *
 * @param names absolute paths of files, and packages that can be required from the working directory
 * @param say takes a line for people about each target that cannot be used; the others are used
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
  if (all.length === 0) throw new Error('its list of targets is empty; expected at least one');
  for (const each of all) {
    const { package: name, load, versions = [], esModules = [] } = Object(each) as Partial<NamedTarget>;
    if (typeof name !== 'string' || typeof load !== 'function') {
      throw new Error('it exports no target; expected exports.target = { package, versions, load }');
    }
    if (!packageName.test(name)) throw new Error(`"${name}" is not the name of a package`);
    if (!Array.isArray(versions) || !versions.every(isRange)) {
      throw new Error(`the versions of ${name} are not pairs such as ['1.0.0', '2.0.0']`);
    }
    if (!Array.isArray(esModules) || !esModules.every((file) => String(file).startsWith(`${name}/`))) {
      throw new Error(`the esModules of ${name} are not a list of files such as '${name}/lib/client'`);
    }
  }
  return all as readonly NamedTarget[];
}

const packageName = /^(?:@[\w.~-]+\/)?[\w.~-]+$/;

const isRange = (range: unknown): boolean =>
  Array.isArray(range) && range.length === 2 && range.every((each) => /^\d+(?:\.\d+)*$/.test(String(each)));

const hookable = (target: NamedTarget): Hookable => ({
  package: target.package,
  versions: target.versions ?? anyVersion,
  esModules: target.esModules ?? [],
  // Only the instrumentation tells whether it names channels.
  publishes: true,
  load: () => target.load(toolbox),
});
