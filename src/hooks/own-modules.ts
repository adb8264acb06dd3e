import { createRequire } from 'node:module';
import { join, sep } from 'node:path';

const folder = join(__dirname, '../..') + sep;
const own = new Map<string, NodeJS.Module>();

/** `require.cache`, asked for each time: an application may have put another object in its place. */
export const currentCache = (): NodeJS.Dict<NodeJS.Module> => createRequire(__filename).cache;

/** Remembers the agent's files that are loaded by now. */
export function rememberOwnModules(): void {
  for (const [file, module] of Object.entries(currentCache())) {
    if (module !== undefined && file.startsWith(folder)) own.set(file, module);
  }
}

/**
 * Loads files of the agent's when they are needed, long after the start. By then the application may have
 * cleared `require.cache`; a second copy of the contexts, say, would never know of a live trace.
 */
export function amongOwnModules<Loaded>(load: () => Loaded): Loaded {
  const cache = currentCache();
  const lost = [...own].filter(([file, module]) => cache[file] !== module);
  const others = lost.map(([file]) => [file, cache[file]] as const);
  for (const [file, module] of lost) cache[file] = module;
  try {
    return load();
  } finally {
    rememberOwnModules();
    for (const [file, other] of others) {
      if (other === undefined) delete cache[file];
      else cache[file] = other;
    }
  }
}
