import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { isWithin } from '../../src/hooks/loading/version-range.js';
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

/** Whether a package that is installed in a folder says of itself that it is for this Node. */
export function isForThisNode(folder: string, name: string): boolean {
  const file = join(folder, 'node_modules', name, 'package.json');
  const { engines } = JSON.parse(readFileSync(file, 'utf8')) as { engines: { node: string } };
  const [, from = ''] = /^>= ?([\d.]+)$/.exec(engines.node) ?? [];
  assert.notEqual(from, '', engines.node);
  return isWithin(process.versions.node, [from, '1000.0.0']);
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
