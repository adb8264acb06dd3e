// The options with which a thread is made: those that its caller gives, and those with which the preload runs in it.
import { isAbsolute, join } from 'node:path';
import type { WorkerOptions } from 'node:worker_threads';

import { viewWith } from '../src/hooks/view.js';

/** The options that a caller gives a thread. */
export interface Given {
  /** The caller's own object, or any other value that it gave. */
  readonly options: unknown;
  /** Node throws for these options, and is left to do so. */
  readonly isOdd: boolean;
  readonly execArgv?: readonly string[] | undefined;
  readonly isCode: boolean;
  readonly name?: unknown;
  readonly transferList?: unknown;
}

/** Reads what a caller gives. */
export function optionsOf(options: unknown): Given {
  try {
    const { execArgv, eval: isCode, name, transferList } = Object(options) as WorkerOptions;
    const isOdd = options === null || (Boolean(execArgv) && !Array.isArray(execArgv));
    return { options, isOdd, execArgv: execArgv || undefined, isCode: Boolean(isCode), name, transferList };
  } catch {
    return { options, isOdd: true, isCode: true };
  }
}

/** The working directory; '' if it was removed, which must not make anything fail. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}

interface Preload {
  /** Whether Node itself finds the preload for a new thread. */
  isResolvable(): boolean;
  /** Options with which Node can start a thread if it could not find the preload by itself. */
  mended(given: Given): unknown;
  /**
   * Options that make the preload run in the thread. The caller's object stays as it is.
   *
   * @param refused the arguments to leave out
   */
  addTo(given: Given, refused?: readonly string[]): unknown;
  /** The arguments that the thread would see without the agent if its caller names none. */
  argumentsSeen(given: Given): readonly string[] | undefined;
}

/** @param path the path of the preload; as a `--require` it also runs before code that is given as text */
export function createPreload(path: string): Preload {
  const startFolder = workingFolder();
  const file = join(path);
  const isOurs = (value: string | undefined): boolean =>
    value === 'ostrace/register' ||
    (value !== undefined && (isAbsolute(value) ? join(value) : join(startFolder, value)) === file);

  // Copied now, because changes that the application makes to the array do not affect its threads.
  const inherited = [...process.execArgv];

  /** The process's own arguments without the preload, which may be among them in several forms. */
  function withoutPreload(): string[] {
    const kept: string[] = [];
    for (let i = 0; i < inherited.length; i++) {
      const argument = inherited[i]!;
      const [flag, value] = argument.split(/=(.*)/s);
      const isPreload = flag === '--import' || flag === '--require' || flag === '-r';
      if (isPreload && value === undefined && isOurs(inherited[i + 1])) i++;
      else if (!isPreload || !isOurs(value)) kept.push(argument);
    }
    return kept;
  }

  // Node resolves `--import ostrace/register` for each thread again, from the working directory. Once the application
  // has changed that, no thread would start any more.
  const isResolvable = (): boolean =>
    workingFolder() === startFolder || withoutPreload().length === inherited.length;

  function addTo(given: Given, refused: readonly string[] = []): unknown {
    if (given.isOdd) return given.options;
    const rest = given.execArgv ?? (isResolvable() ? inherited : withoutPreload());
    const kept = rest.filter((argument) => !refused.includes(argument));
    return viewWith(Object(given.options) as object, { execArgv: [`--require=${path}`, ...kept] });
  }

  return {
    isResolvable,
    mended: (given) => (given.execArgv === undefined ? addTo(given) : given.options),
    addTo,
    argumentsSeen: ({ execArgv }) => (execArgv === undefined ? inherited : undefined),
  };
}
