// Installs the packed ostrace, as `npm install ostrace` does for its users; what the shop uses beside it,
// and what ostrace depends on, is linked to the copies that are here, so that no network is needed.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { environment, run } from './processes.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Fills a folder with the shop, the packages that it uses and ostrace; gives the path of ostrace's command. */
export async function installShop(folder) {
  const { version, bin, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  cpSync(new URL('shop', import.meta.url), folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of [...Object.keys(dependencies), 'pg', 'mysql2', 'piscina', 'ioredis', 'amqplib']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  await run('npm', ['pack', '--silent', '--ignore-scripts'], {
    cwd: root,
    env: { ...environment, npm_config_pack_destination: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  unpack(join(folder, `ostrace-${version}.tgz`), join(modules, 'ostrace'));
  console.log(`ostrace     ${version}, packed, and installed as from the registry`);
  return join(modules, 'ostrace', bin.ostrace);
}

/** A tarball is a header of 512 bytes for each file, then the file, filled up to a multiple of 512. */
function unpack(tarball, folder) {
  const tar = gunzipSync(readFileSync(tarball));
  const field = (at, length) => tar.toString('utf8', at, at + length).split('\0', 1)[0];
  for (let at = 0, size; tar[at] !== 0; at += 512 + Math.ceil(size / 512) * 512) {
    size = Number.parseInt(field(at + 124, 12), 8);
    const path = join(folder, field(at, 100).replace('package/', ''));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, tar.subarray(at + 512, at + 512 + size));
  }
}
