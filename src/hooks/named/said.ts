// What the points of named functions say of their calls: the arguments and results that the configuration asks for.
import { types } from 'node:util';

import { isSecretName } from '../../redaction/url-secrets.js';
import { shown, text } from '../../trace/shown.js';

/** What is recorded; see the configuration. */
export interface Asked {
  readonly args: true | readonly string[];
  readonly result: boolean;
  readonly hide: readonly string[];
}

type Path = readonly string[];

const masked = '***';
const mostLevels = 4;

/** The names on the way of a path: `0` and `id` of `[0].id`. */
const pathOf = (path: string): Path => path.match(/[\w$]+/g) ?? [];

/**
 * Makes the readers of what is recorded. Neither calls a getter of the application, and both mask values whose names
 * tell of a secret.
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
  const all = (given: unknown): unknown =>
    Array.isArray(given) ? given.map((each, i) => view(each, [String(i)], hidden)) : view(given, [], hidden);
  return {
    argsOf: records
      ? (given) => text(paths === undefined ? all(given) : picked(given, paths, hidden))
      : undefined,
    resultOf: result && !isHidden('result') ? (value) => text(view(value, [], ofResult)) : undefined,
  };
}

/** The values at the paths, by these. One that is not there is left out. */
function picked(given: object, paths: readonly string[], hidden: readonly Path[]): object {
  const values: Record<string, unknown> = {};
  for (const path of paths) {
    const names = pathOf(path);
    const value = names.reduce<unknown>(property, given);
    if (value === undefined) continue;
    values[path] = isSecretName(names.at(-1)!) ? masked : view(value, names, hidden);
  }
  return values;
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

/** The value, with its secrets masked. What would be too long is shown by its class. */
const view = (value: unknown, at: Path, hidden: readonly Path[]): unknown =>
  isAmong(at, hidden) ? masked : withoutSecrets(shown(value), at, hidden, mostLevels);

const isAmong = (at: Path, hidden: readonly Path[]): boolean =>
  hidden.some((path) => path.length === at.length && path.every((name, i) => name === at[i]));

/** Copies of plain objects, lists and instances, with other values for secrets; everything else as it is. */
function withoutSecrets(value: unknown, at: Path, hidden: readonly Path[], levels: number): unknown {
  if (typeof value !== 'object' || value === null || levels === 0 || types.isProxy(value)) return value;
  const isList = Array.isArray(value);
  if (!isList && Object.prototype.toString.call(value) !== '[object Object]') return value;
  const copy: object = isList ? [] : (Object.create(Object.getPrototypeOf(value) as object | null) as object);
  for (const name of Reflect.ownKeys(value)) {
    if (isList && name === 'length') continue;
    const own = Object.getOwnPropertyDescriptor(value, name)!;
    const path = [...at, String(name)];
    const isSecret = typeof name === 'string' && (isSecretName(name) || isAmong(path, hidden));
    if (isSecret) Object.defineProperty(copy, name, { ...own, ...('value' in own ? { value: masked } : {}) });
    else if ('value' in own)
      Object.defineProperty(copy, name, {
        ...own,
        value: withoutSecrets(own.value, path, hidden, levels - 1),
      });
    else Object.defineProperty(copy, name, own);
  }
  return copy;
}
