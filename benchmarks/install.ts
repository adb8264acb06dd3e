// Installs the packages and the versions of Node that are measured.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Node } from './part.js';

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

/**
 * The program of a version of Node: npm has them as packages.
 *
 * @param wanted a version or the beginning of one (`24`, `22.11`), or the path of a program
 * @param cache where versions are installed, and found again
 */
export function installNode(wanted: string, cache: string): Node {
  const path = wanted.includes('/') ? wanted : join(installVersion(wanted, cache), 'bin/node');
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return { path, version };
}

function installVersion(wanted: string, cache: string): string {
  if (!/^\d+(?:\.\d+){0,2}$/.test(wanted)) {
    throw new Error(`--nodes has "${wanted}"; expected versions as 20,22.11,24 or paths of programs`);
  }
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(cache, wanted);
  const installed = join(folder, 'node_modules', name);
  if (!existsSync(join(installed, 'bin/node'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    npm(folder, 'install', '--ignore-scripts', '--no-save', `${name}@${wanted}`);
  }
  return installed;
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
