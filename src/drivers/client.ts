import { createRequire } from 'node:module';
import { join } from 'node:path';

import { DriverError } from './driver.js';

/**
 * Loads the client library of a store: an optional peer, looked for beside this package, then where the
 * application is, then below the working directory.
 *
 * @param name of the package, as it is installed
 * @param scheme that needs it, for people
 * @throws DriverError when it is not installed, or does not load
 */
export function loadClient<Module>(name: string, scheme: string): Module {
  const places = [__filename, process.argv[1], join(process.cwd(), 'package.json')];
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
    `${scheme}:// needs the package ${name}, which is not installed; npm install ${name}`,
    { isCertain: true },
  );
}

/** Whether it is the package itself that is missing, and not one that it requires. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.startsWith(`Cannot find module '${name}'`);
}
