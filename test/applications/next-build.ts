import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { projectFolder } from '../scenario.js';
import { applications, exclusively } from './install.js';

const source = join(applications, 'next');
const cache = join(projectFolder, '.cache');

export interface NextBuild {
  readonly folder: string;
  /** Next's command. */
  readonly next: string;
  /** The server of the standalone output. */
  readonly standalone: string;
}

/** Builds the application of test/applications/next, once for all Nodes and until it changes. */
export async function buildNext(): Promise<NextBuild> {
  const name = `next-${digest()}`;
  const folder = join(cache, name);
  const next = join(folder, 'node_modules/next/dist/bin/next');
  await exclusively(`${projectFolder}:next`, () => {
    if (existsSync(join(folder, 'built'))) return;
    mkdirSync(cache, { recursive: true });
    for (const old of readdirSync(cache)) {
      if (old.startsWith('next-')) rmSync(join(cache, old), { recursive: true });
    }
    cpSync(source, folder, { recursive: true });
    symlinkSync(join(applications, 'node_modules'), join(folder, 'node_modules'));
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NEXT_STANDALONE: '1', NODE_OPTIONS: '' };
    const { status, error, stdout, stderr } = spawnSync(process.execPath, [next, 'build'], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`next build failed: ${error?.message ?? stdout + stderr}`);
    writeFileSync(join(folder, 'built'), '');
  });
  return { folder, next, standalone: join(folder, '.next/standalone/.cache', name, 'server.js') };
}

/** The hash of all that goes into a build. */
function digest(): string {
  const hash = createHash('sha256').update(readFileSync(join(applications, 'package-lock.json')));
  for (const file of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) hash.update(file.name).update(readFileSync(join(file.parentPath, file.name)));
  }
  return hash.digest('hex').slice(0, 12);
}
