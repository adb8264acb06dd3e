// Finds out which packages are installed, by the names of their folders alone: this runs at each start.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Hookable } from './modules.js';

/**
 * The files of installed packages that are hooked as ES modules.
 *
 * @param script the application's main file, which may be a link; undefined if there is none
 */
export function installedModules(
  packages: readonly Hookable[],
  script: string | undefined,
): readonly string[] {
  const named = packages.filter(({ esModules = [] }) => esModules.length > 0);
  if (named.length === 0) return [];
  const folder = script === undefined ? process.cwd() : folderOf(script);
  const isThere = process.versions['pnp'] === undefined ? isInstalledAt(folder) : isKnownToYarn();
  return named.flatMap((each) => (isThere(each.package) ? each.esModules! : []));
}

function isInstalledAt(folder: string): (name: string) => boolean {
  const folders = packageFolders(folder);
  return (name) => folders.some((each) => existsSync(join(each, name)));
}

/** Yarn's Plug'n'Play has no folders for packages, but a list of those in the project. */
function isKnownToYarn(): (name: string) => boolean {
  const { getAllLocators } = require('pnpapi') as {
    getAllLocators(): readonly { readonly name: string | null }[];
  };
  const names = new Set(getAllLocators().map(({ name }) => name));
  return (name) => names.has(name);
}

function folderOf(script: string): string {
  try {
    return dirname(realpathSync(script));
  } catch {
    return process.cwd(); // `node app` means app.js
  }
}

/** The folders in which code in a folder finds packages, and in which pnpm keeps what other packages need. */
function packageFolders(folder: string): readonly string[] {
  const parent = dirname(folder);
  const above = parent === folder ? [] : packageFolders(parent);
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return above;
  const hoisted = join(modules, '.pnpm/node_modules');
  return existsSync(hoisted) ? [modules, hoisted, ...above] : [modules, ...above];
}
