// Packages of this project's own, laid out as package managers do.
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { projectFolder } from '../scenario.js';

interface Package {
  readonly name: string;
  readonly folder: string;
  readonly dependencies: readonly string[];
}

/** The packages with all that they depend on. */
function withDependencies(names: readonly string[]): Package[] {
  const found = new Map<string, Package>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const folder = join(projectFolder, 'node_modules', name);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    found.set(name, { name, folder, dependencies: Object.keys(dependencies) });
    for (const each of Object.keys(dependencies)) visit(each);
  };
  for (const name of names) visit(name);
  return [...found.values()];
}

/** Side by side in one folder, as npm does. */
export function layFlat(folder: string, ...names: readonly string[]): void {
  for (const each of withDependencies(names)) {
    cpSync(each.folder, join(folder, 'node_modules', each.name), { recursive: true });
  }
}

/** Each package in a folder of its own, and links to what it may load, as pnpm does. */
export function layLinked(folder: string, ...names: readonly string[]): void {
  const store = (name: string): string =>
    join(folder, 'node_modules/.pnpm', name.replace('/', '+'), 'node_modules');
  const link = (name: string, into: string): void => {
    const path = join(into, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(store(name), name), path);
  };
  for (const { name, folder: source, dependencies } of withDependencies(names)) {
    cpSync(source, join(store(name), name), { recursive: true });
    for (const each of dependencies) link(each, store(name));
  }
  for (const name of names) link(name, join(folder, 'node_modules'));
}
