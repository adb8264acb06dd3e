// The hooks of Node's ES module loader: those of import-in-the-middle, with the agent's own list of modules. On
// versions of Node whose `registerHooks` can be used, they run in the application's thread, else in the thread that
// Node gives to loaders.
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHook } from 'import-in-the-middle/create-hook.mjs';

/** Which modules are hooked. All others are left alone. */
export interface Included {
  /** Matches the paths of files. */
  readonly paths: RegExp;
  /** The specifiers that the application writes in its `import`. */
  readonly names: readonly string[];
}

type Hooks = ReturnType<typeof createHook>;
type Hook = Hooks['resolve'];

/** @param url that of import-in-the-middle's `hook.mjs` */
export function hooksFor(url: string, { paths, names }: Included): Hooks {
  const hooks = createHook({ url });
  hooks.applyOptions({
    shouldInclude(module: string, specifier: string): boolean {
      if (names.includes(specifier)) return true;
      // Another agent's import-in-the-middle has put a module of its own in the place of one with this mark.
      return module.startsWith('file:') && !/[?&]iitm\b/.test(module) && paths.test(fileURLToPath(module));
    },
  });
  return hooks;
}

const failure = /^'import-in-the-middle' failed to wrap '(.*)'$/s;

/**
 * Keeps a warning that a module cannot be hooked from the application, which would see it as one of its own.
 *
 * @param say takes the line for people instead
 * @returns puts `emitWarning` back
 */
export function withoutWarnings(say: (line: string) => void): () => void {
  const { emitWarning } = process;
  const ours = (...args: readonly unknown[]): void => {
    const [error] = args as [{ message?: unknown; cause?: unknown } | undefined];
    const [, module] = failure.exec(String(error?.message)) ?? [];
    if (module === undefined) return void Reflect.apply(emitWarning, process, args);
    say(`${module} cannot be hooked, so none of its functions makes points: ${String(error?.cause)}`);
  };
  process.emitWarning = ours;
  return () => {
    if (process.emitWarning === ours) process.emitWarning = emitWarning;
  };
}

/** The hooks in Node's thread for loaders; undefined if others that were registered later have their place. */
let hooks: Hooks | undefined;

const key = Symbol.for('ostrace.import-hooks');

/** Called by Node in its loaders' thread, which all threads of the application may share. */
export function initialize({ url, included }: { readonly url: string; readonly included: Included }): void {
  const others = globalThis as { [key]?: () => void };
  others[key]?.();
  // This thread has a `process` of its own.
  if (others[key] === undefined) withoutWarnings((line) => writeSync(2, `ostrace: ${line}\n`));
  others[key] = () => (hooks = undefined);
  hooks = hooksFor(url, included);
}

type Next = (...args: readonly unknown[]) => unknown;

export const resolve: Hook = (specifier, context, next) =>
  hooks === undefined ? (next as Next)(specifier, context) : hooks.resolve(specifier, context, next);
export const load: Hook = (url, context, next) =>
  hooks === undefined ? (next as Next)(url, context) : hooks.load(url, context, next);
