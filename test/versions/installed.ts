import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { install } from '../packed-agent.js';
import { projectFolder } from '../scenario.js';

const cache = join(projectFolder, '.cache/versions');

/**
 * A folder where these packages are installed: `pg@8.0.3`. It is kept for the next run. Of two processes
 * that install the same at once, the slower one's folder goes away.
 */
export function installed(...packages: readonly string[]): string {
  const name = packages.map((each) => each.replace(/(?<=.)@/, '-').replaceAll('/', '-')).join('+');
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, '.installing-'));
  try {
    install(scratch, ...packages);
    renameSync(scratch, folder);
  } catch (error) {
    if (!existsSync(folder)) {
      throw new Error(
        `${packages.join(', ')} could not be installed from the npm registry into .cache/versions; the tests of supported versions need it`,
        { cause: error },
      );
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}

/** The newest version that the tests know: the one in the lock file. */
export function lockedVersion(name: string): string {
  const { packages } = require(join(projectFolder, 'package-lock.json')) as {
    packages: Readonly<Record<string, { version: string } | undefined>>;
  };
  const version = packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`the lock file has no ${name}`);
  return version;
}
