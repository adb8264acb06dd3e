// Hooks ES modules as they are imported, by import-in-the-middle. It is loaded only if a module is named that may be
// an ES module, because with it Node looks at every module in a more expensive way.
//
// import-in-the-middle puts a module of its own in the place of a named one, whose exports can be replaced. Its own
// registration is not used: of two agents that share a copy of import-in-the-middle, it would refuse the second, or
// let its list replace that of the first.
import type * as Types from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { notice } from '../../trace/notice.js';
import { createGuard, guarded } from '../guard.js';
import { patch } from '../patch.js';

/** The exports of an imported module. A value that is set is what importers see from then on. */
export type Namespace = Record<string, unknown>;

/** A set of modules, and who learns of them. */
export interface Imports {
  /** Matches the paths of files. */
  readonly paths: RegExp;
  /** The specifiers that the application writes in its `import`. */
  readonly names: readonly string[];
  /**
   * Called before the importers of the module run. It is called as well for a CommonJS module that is imported.
   *
   * @param path that of the file; the name of a part of Node
   * @param format `module` or `commonjs`, if that is known
   */
  tell(path: string, exports: Namespace, specifier: string, format: string | undefined): void;
}

type Included = Omit<Imports, 'tell'>;

/** The functions of `import-hooks.mts` that are used. */
interface Hooks {
  hooksFor(
    url: string,
    included: Included,
  ): {
    readonly resolveSync: (...args: readonly unknown[]) => { readonly url: string };
    readonly loadSync: (...args: readonly unknown[]) => unknown;
  };
  withoutWarnings(say: (line: string) => void): () => void;
}

type NodeModule = typeof Types & {
  /** Not before Node 22.15. */
  readonly registerHooks?: (hooks: { readonly resolve?: unknown; readonly load?: unknown }) => {
    deregister(): void;
  };
};

const nodeModule = require('node:module') as NodeModule;

/**
 * Hooks modules that are imported. One that is only required is not told of, and nothing else is touched.
 *
 * @param folder that of the agent's files
 */
export function hookImports(all: readonly Imports[], folder: string): void {
  const included: Included = {
    paths: new RegExp(all.map(({ paths }) => paths.source).join('|')),
    names: all.flatMap(({ names }) => names),
  };
  const files: Files = {
    url: pathToFileURL(require.resolve('import-in-the-middle/hook.mjs')).href,
    hooks: `${folder}/src/hooks/loading/import-hooks.mjs`,
  };
  if (canBeSynchronous()) hookHere(all, included, files);
  else if (process.versions['pnp'] === undefined) hookThere(all, included, files);
  else {
    // The loaders' thread finds no packages there, and one that Yarn starts at the same time waits for it for ever.
    notice(
      "ES modules are not hooked under Yarn's Plug'n'Play; with \"nodeLinker: node-modules\" in .yarnrc.yml they are",
    );
  }
}

interface Files {
  /** The URL of import-in-the-middle's `hook.mjs`. */
  readonly url: string;
  /** The path of our `import-hooks.mjs`. */
  readonly hooks: string;
}

/** Tells of the modules that import-in-the-middle puts its own in the place of. */
function tellOf(all: readonly Imports[]): void {
  const { addHook } = require('import-in-the-middle') as typeof import('import-in-the-middle');
  addHook((url, exports, specifier = '', format) => {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    for (const { paths, names, tell } of all) {
      if (names.includes(specifier) || paths.test(path)) tell(path, exports, specifier, format);
    }
  });
}

/** Hooks modules in the thread that Node gives to loaders. It costs the start 20 to 50 ms, whatever is imported. */
function hookThere(all: readonly Imports[], included: Included, { url, hooks }: Files): void {
  tellOf(all);
  const { register } = nodeModule;
  let count = 0;
  // Each is a module of its own, and puts those before it to rest.
  const add = (): void => register(`${pathToFileURL(hooks).href}?${++count}`, { data: { url, included } });
  add();
  afterEach('register', add);
}

/**
 * Hooks modules in this thread. Many an application has a named package installed that it never imports, as tools bring
 * some along. import-in-the-middle takes 20 ms to load, so the first import of a named module loads it.
 */
function hookHere(all: readonly Imports[], included: Included, { url, hooks }: Files): void {
  const { registerHooks } = nodeModule as Required<NodeModule>;
  let its: (ReturnType<Hooks['hooksFor']> & Pick<Hooks, 'withoutWarnings'>) | undefined;
  const load = (...args: readonly unknown[]): unknown => {
    if (its === undefined) return (args[2] as (...rest: readonly unknown[]) => unknown)(args[0], args[1]);
    const restore = its.withoutWarnings(notice);
    try {
      return its.loadSync(...args);
    } finally {
      restore();
    }
  };
  // The application imports something meanwhile, which must not fail with this.
  const guard = createGuard('imports');
  const begin = (): void => {
    tellOf(all);
    const { hooksFor, withoutWarnings } = require(hooks) as Hooks;
    stayLast(registerHooks, { load });
    its = { ...hooksFor(url, included), withoutWarnings };
  };
  const resolve = (...args: readonly [string, unknown, Next]): unknown => {
    if (its === undefined) {
      const [specifier, context, next] = args;
      const found = next(specifier, context);
      if (guard.off || !isNamed(specifier, found.url, included)) return found;
      guarded(guard, begin);
      if (its === undefined) return found;
    }
    const found = its.resolveSync(...args);
    // import-in-the-middle calls a part of Node a CommonJS file where code without a file asks for it (`node -e`). Node
    // would then look for that file.
    return found.url.startsWith('node:') ? { ...found, format: 'builtin' } : found;
  };
  stayLast(registerHooks, { resolve });
}

type Next = (specifier: string, context: unknown) => { readonly url: string };

function isNamed(specifier: string, url: string, { paths, names }: Included): boolean {
  return names.includes(specifier) || (url.startsWith('file:') && paths.test(fileURLToPath(url)));
}

/** Registers hooks, and registers them again after each later registration. */
function stayLast(
  register: NonNullable<NodeModule['registerHooks']>,
  hooks: Parameters<typeof register>[0],
): void {
  let registered = register(hooks);
  afterEach('registerHooks', () => {
    registered.deregister();
    registered = register(hooks);
  });
}

/**
 * Keeps our hooks the last to be registered. What is registered later sees a module first, and hands it on as it
 * thinks fit: tsx looks for `./a.js` several times, and only with its own hooks behind ours is `a.ts` found when the
 * imports of a module are followed.
 */
function afterEach(method: 'register' | 'registerHooks', add: () => void): void {
  again.push(add);
  patch(
    nodeModule as unknown as Record<string, unknown>,
    method,
    (original) =>
      function (this: unknown) {
        const result = Reflect.apply(original, this, arguments as unknown as unknown[]);
        for (const each of again) each();
        return result;
      },
  );
}

/** Registers everything again. The methods are patched once. */
const again: (() => void)[] = [];

/** Whether this Node can run the hooks in the application's thread. */
function canBeSynchronous(): boolean {
  // `--no-experimental-require-module`: no ES module can be required.
  const { require_module: canRequire } = process.features as { readonly require_module?: boolean };
  if (nodeModule.registerHooks === undefined || canRequire !== true) return false;
  const { supportsSyncHooks } = require('import-in-the-middle/supports-sync-hooks.mjs') as {
    supportsSyncHooks(): boolean;
  };
  return supportsSyncHooks();
}

const special = /[\\^$.*+?()[\]{}|/]/g;

/** The source of a regular expression that matches a text. */
export const literally = (text: string): string => text.replace(special, '\\$&');

/**
 * Matches named files of packages.
 *
 * @param files the packages and the files in them, without extension: `bullmq/dist/esm/classes/queue`
 */
export const filesOf = (files: readonly string[]): RegExp =>
  new RegExp(
    `[\\\\/]node_modules[\\\\/](?:${files.map((file) => literally(file).replaceAll('\\/', '[\\\\/]')).join('|')})\\.m?js$`,
  );
