// The part that all contracts share: the files of a package, and the methods of the class that each of them exports.
import { notice } from '../../trace/notice.js';
import { noteRequests, runApart, runOutside } from '../calls/method.js';
import { noteRunning } from '../calls/running.js';
import type { ModuleHook } from '../loading/modules.js';
import type { VersionRange } from '../loading/version-range.js';
import type { AgentPort } from '../port.js';

/** A file of a package, and the methods of the class that it exports. */
export interface TargetFile<Method> {
  /** The package and the file in it, without its extension: `pg/lib/client`. */
  readonly file: string;
  /** The versions that the hooks are for; all versions of the package's row in the table if undefined. */
  readonly versions?: VersionRange;
  /**
   * The class, among the file's exports; the exports themselves if undefined.
   *
   * @param need requires a package as the file itself does, for a class that is not the package's own
   */
  class?(exports: object, need: (name: string) => unknown): unknown;
  readonly methods?: Readonly<Record<string, Method>>;
  /** Methods by which the application has a request queued, and which of their arguments stands for that request. */
  readonly asks?: Readonly<Record<string, { of(args: readonly unknown[]): object | undefined }['of']>>;
  /** Methods by which the application uses an object, for the hooks of others: `running()` gives that object. */
  readonly runs?: readonly string[];
  /** Methods that run in nobody's place, because their later work is not their caller's. */
  readonly outside?: Readonly<Record<string, IsIdle>>;
  /** Methods that begin work of the library's own, such as asking for messages, which is part of no request. */
  readonly apart?: readonly string[];
  /**
   * Hooks what only this file needs.
   *
   * @param load requires another file of the package
   */
  also?(prototype: object, load: (file: string) => unknown, agent: AgentPort): void;
}

/** Whether a method starts no later work, so that it may run in its caller's context. */
type IsIdle = true | { idle(self: object): boolean }['idle'];

/** The prototype whose methods are hooked. */
export type Owner = Record<string, unknown>;

/**
 * Makes the hook of a file.
 *
 * @param hook hooks one of its methods; made once for each copy of the file that is loaded
 */
export function fileHook<Method>(
  file: TargetFile<Method>,
  agent: AgentPort,
  hook: () => (owner: Owner, name: string, method: Method) => void,
): ModuleHook {
  return {
    file: file.file,
    versions: file.versions,
    install(exports, load, need) {
      const { prototype } = (file.class?.(exports as object, need) ?? exports) as { prototype: object };
      const owner = prototype as Owner;
      const hookOne = hook();
      for (const [name, method] of Object.entries(file.methods ?? {})) {
        if (typeof owner[name] === 'function') hookOne(owner, name, method);
        else notice(`${file.file} has no method ${name}: it is not recorded`);
      }
      for (const [name, requestOf] of Object.entries(file.asks ?? {})) noteRequests(owner, name, requestOf);
      for (const name of file.runs ?? []) noteRunning(owner, name);
      for (const [name, isIdle] of Object.entries(file.outside ?? {})) {
        runOutside(owner, name, isIdle === true ? undefined : isIdle);
      }
      for (const name of file.apart ?? []) runApart(owner, name);
      file.also?.(prototype, load, agent);
    },
  };
}

/** Names a method where something is reported of it: `Client.query`. An object without a class has only its methods. */
export function nameOf(owner: object, method: string): string {
  const { constructor: its } = owner as { readonly constructor?: { readonly name: string } };
  return its === undefined ? method : `${its.name}.${method}`;
}
