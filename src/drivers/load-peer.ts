// Loads the client libraries of stores, which are optional peers of this package.
import { realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { DriverError } from './driver.js';

let application: string | undefined;

/**
 * Names the application's main file, whose packages are trusted as the application is. The working directory is
 * not: it may be anybody's, and what is in its `node_modules` would run with the rights of who stands there.
 */
export function trustPackagesOf(script: string | undefined): void {
  application = script;
}

/**
 * Loads the client library of a store: an optional peer, looked for beside this package, and then where the
 * application's main file is.
 *
 * @param name of the package, as it is installed
 * @param scheme that needs it, for people
 * @throws DriverError when it is not installed, or does not load
 */
export function loadClient<Module>(name: string, scheme: string): Module {
  const places = [__filename, application === undefined ? undefined : placeOf(application)];
  for (const place of places) {
    if (place === undefined) continue;
    try {
      return createRequire(place)(name) as Module;
    } catch (error) {
      if (isMissing(error, name)) continue;
      const reason = error instanceof Error ? error.message : String(error);
      throw new DriverError(`${scheme}:// needs the package ${name}, which does not load: ${reason}`, {
        cause: error,
        isCertain: true,
      });
    }
  }
  throw new DriverError(
    `${scheme}:// needs the package ${name}, which is not installed beside ostrace; npm install ${name}`,
    { isCertain: true },
  );
}

/** What Node looks from: the file itself, not a link to it, and what is in a folder that was named. */
function placeOf(script: string): string {
  try {
    const path = realpathSync(script);
    return statSync(path).isDirectory() ? join(path, 'index.js') : path;
  } catch {
    // Named without its extension.
    return script;
  }
}

/** Whether it is the package itself that is missing, and not one that it requires. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.startsWith(`Cannot find module '${name}'`);
}
