import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Installs the peers and the application's packages, by the benchmarks' own package file. */
export function installPeers(folder: string): void {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const isUpToDate =
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs;
  if (!isUpToDate) npm(folder, 'ci', '--ignore-scripts');
}

/** Packs the project as it is built and installs the tarball into an empty folder, as its users do. */
export function installPacked(project: string, folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  npm(project, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack left no tarball');
  npm(folder, 'install', '--prefer-offline', join(folder, tarball));
}

function npm(cwd: string, ...args: string[]): void {
  execFileSync('npm', [...args, '--silent', '--no-audit', '--no-fund'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

export function versionOf(folder: string, name: string): string {
  const { version } = JSON.parse(
    readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'),
  ) as {
    version: string;
  };
  return version;
}
