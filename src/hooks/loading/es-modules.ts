// Hooks ES modules as they are imported, by import-in-the-middle. It is loaded only if a module is named that may be
// an ES module, because with it Node looks at every module in a more expensive way.
//
// import-in-the-middle puts a module of its own in the place of a named one, whose exports can be replaced. Its own
// registration is not used: of two agents that share a copy of import-in-the-middle, it would refuse the second, or
// let its list replace that of the first.
import type * as Types from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { notice } from '../../trace/notice.js';
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
  readonly registerHooks?: (hooks: { readonly resolve: unknown; readonly load: unknown }) => {
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
  const { addHook } = require('import-in-the-middle') as typeof import('import-in-the-middle');
  addHook((url, exports, specifier = '', format) => {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    for (const { paths, names, tell } of all) {
      if (names.includes(specifier) || paths.test(path)) tell(path, exports, specifier, format);
    }
  });
  const included: Included = {
    paths: new RegExp(all.map(({ paths }) => paths.source).join('|')),
    names: all.flatMap(({ names }) => names),
  };
  const url = pathToFileURL(require.resolve('import-in-the-middle/hook.mjs')).href;
  const file = `${folder}/src/hooks/loading/import-hooks.mjs`;
  const { register, registerHooks } = nodeModule;
  const hooks = registerHooks === undefined ? undefined : synchronous(file);
  if (hooks === undefined && process.versions['pnp'] !== undefined) {
    // The loaders' thread finds no packages there, and one that Yarn starts at the same time waits for it for ever.
    notice(
      "ES modules are not hooked under Yarn's Plug'n'Play; with \"nodeLinker: node-modules\" in .yarnrc.yml they are",
    );
    return;
  }
  if (hooks === undefined) {
    let count = 0;
    // Each is a module of its own, and puts those before it to rest.
    const add = (): void => register(`${pathToFileURL(file).href}?${++count}`, { data: { url, included } });
    add();
    afterEach('register', add);
    return;
  }
  const { resolveSync, loadSync } = hooks.hooksFor(url, included);
  // Of a part of Node that code without a file asks for (`node -e`), import-in-the-middle says that it is a CommonJS
  // file, which Node would then look for.
  const resolve = (...args: readonly unknown[]): unknown => {
    const found = resolveSync(...args);
    return found.url.startsWith('node:') ? { ...found, format: 'builtin' } : found;
  };
  const load = (...args: readonly unknown[]): unknown => {
    const restore = hooks.withoutWarnings(notice);
    try {
      return loadSync(...args);
    } finally {
      restore();
    }
  };
  let registered = registerHooks!({ resolve, load });
  afterEach('registerHooks', () => {
    registered.deregister();
    registered = registerHooks!({ resolve, load });
  });
}

/**
 * Keeps our hooks the last to be registered. What is registered later sees a module first, and hands it on as it
 * thinks fit: tsx looks for `./a.js` several times, and only with its own hooks behind ours is `a.ts` found when the
 * imports of a module are followed.
 */
function afterEach(method: 'register' | 'registerHooks', add: () => void): void {
  patch(
    nodeModule as unknown as Record<string, unknown>,
    method,
    (original) =>
      function (this: unknown) {
        const result = Reflect.apply(original, this, arguments as unknown as unknown[]);
        add();
        return result;
      },
  );
}

/** Undefined if this Node cannot run the hooks in the application's thread. */
function synchronous(file: string): Hooks | undefined {
  try {
    const { supportsSyncHooks } = require('import-in-the-middle/supports-sync-hooks.mjs') as {
      supportsSyncHooks(): boolean;
    };
    return supportsSyncHooks() ? (require(file) as Hooks) : undefined;
  } catch {
    return undefined; // `--no-experimental-require-module`: no ES module can be required
  }
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
