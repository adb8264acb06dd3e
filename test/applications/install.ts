// Installs what the applications of the tests are made of.
// needs: packages
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { projectFolder } from '../scenario.js';

/** The applications of the tests, with a package file and a lock of their own. */
export const applications = join(projectFolder, 'test/applications');

/**
 * Installs what the applications are made of, at the first use and after each change of their lock: half a
 * gigabyte, which `npm ci` of the project itself must not bring.
 */
export const installApplications = (): Promise<void> => installLocked(applications);

/** Installs what the lock of a folder names, at the first use and after each change of the lock. */
export async function installLocked(folder: string): Promise<void> {
  await exclusively(folder, () => {
    if (isInstalled(folder)) return;
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, error, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
    if (status === 0) return;
    throw new Error(
      `these tests run real applications, and what those are made of could not be installed: ` +
        `\`npm ci --ignore-scripts\` in ${relative(projectFolder, folder)} failed: ${error?.message ?? stderr}`,
    );
  });
}

function isInstalled(folder: string): boolean {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const lock = join(folder, 'package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

/**
 * Runs a function while no other process does so under the same name. The lock is a socket that has no file:
 * it is gone with the process that holds it, however that ends.
 */
export async function exclusively<Result>(
  name: string,
  body: () => Result | Promise<Result>,
): Promise<Result> {
  for (;;) {
    const lock = createServer();
    lock.listen(`\0ostrace-tests:${name}`);
    try {
      await once(lock, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await sleep(200);
      continue;
    }
    try {
      return await body();
    } finally {
      lock.close();
    }
  }
}
