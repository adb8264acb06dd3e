// The info of the points of named functions: the arguments and results that the configuration asks for.
import { types } from 'node:util';

import { type IsHidden, type Path, Writer, isSecretOf, joined, keyOf, masked } from './values.js';

/** The values that are recorded; see the configuration. */
export interface Asked {
  readonly args: true | readonly string[];
  readonly result: boolean;
  readonly hide: readonly string[];
}

/** The names on the way of a path: `0` and `id` of `[0].id`. */
const pathOf = (path: string): Path => path.match(/[\w$]+/g) ?? [];

/**
 * Makes the readers of what is recorded. Neither calls code of the application, and both mask values whose names tell
 * of a secret.
 *
 * @returns `argsOf` takes the list of arguments, or the message of a channel. Both give texts; undefined for what is not recorded
 */
export function readerOf({ args, result, hide }: Asked): {
  readonly argsOf: ((args: object) => string) | undefined;
  readonly resultOf: ((result: unknown) => string) | undefined;
} {
  const hidden = hide.map(pathOf);
  const isHidden = (name: string): boolean => hide.includes(name);
  const ofResult = hidden.flatMap(([first, ...rest]) =>
    first === 'result' && rest.length > 0 ? [rest] : [],
  );
  const paths = args === true ? undefined : args.filter((path) => !isHidden(path));
  const records = !isHidden('args') && (paths === undefined || paths.length > 0);
  const isAt = amongOf(hidden);
  return {
    argsOf: records
      ? (given) =>
          written((to) => (paths === undefined ? to.write(given, []) : picked(to, given, paths)), isAt)
      : undefined,
    resultOf:
      result && !isHidden('result')
        ? (value) => written((to) => to.write(value, []), amongOf(ofResult))
        : undefined,
  };
}

function written(write: (to: Writer) => string, isHidden: IsHidden): string {
  try {
    return write(new Writer(isHidden));
  } catch {
    return '[unreadable]';
  }
}

/** Whether a value, or what it stands in, is among those that are hidden. */
const amongOf =
  (hidden: readonly Path[]): IsHidden =>
  (at) =>
    hidden.some((path) => path.length <= at.length && path.every((name, i) => name === at[i]));

/** The values at the paths, by these. One that is not there is left out. */
function picked(to: Writer, given: object, paths: readonly string[]): string {
  const parts: string[] = [];
  for (const path of paths) {
    const names = pathOf(path);
    const value = names.reduce<unknown>(property, given);
    if (value === undefined) continue;
    const shown = names.some(isSecretOf) ? masked : to.write(value, names);
    parts.push(`${keyOf(path)}: ${shown}`);
  }
  return joined('{', parts, '}');
}

/** A property's value, if no code of the application has to run for it. */
function property(value: unknown, name: string): unknown {
  for (
    let each: unknown = value;
    typeof each === 'object' && each !== null;
    each = Object.getPrototypeOf(each)
  ) {
    if (types.isProxy(each)) return undefined;
    const own = Object.getOwnPropertyDescriptor(each, name);
    if (own !== undefined) return own.value as unknown;
  }
  return undefined;
}
