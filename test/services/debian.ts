import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { findPrograms } from './scratch.js';
import { say } from './say.js';

/** Installs Debian packages where that is possible: a failure shows by itself on stderr. */
export async function installPackages(what: string, packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0 || findPrograms(['apt-get']) === undefined) return;
  say(`${what} is not installed: installing from Debian ${packages.join(', ')}, which stays`);
  await aptGet('update');
  // Nothing that is there may go to make room: another MySQL, say.
  await aptGet('install', '--yes', '--no-install-recommends', '--no-remove', ...packages);
}

async function aptGet(...args: readonly string[]): Promise<void> {
  say(`apt-get ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Somebody else may be installing right now.
  const patience = ['-o', 'DPkg::Lock::Timeout=300'];
  await once(spawn('apt-get', [...patience, ...args], { env, stdio: ['ignore', 2, 2] }), 'exit');
}
