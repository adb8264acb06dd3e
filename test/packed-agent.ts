// Packs the agent, and installs packages as users do.
// needs: packages
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const project = resolve(__dirname, '../..');
const quiet = ['--silent', '--no-audit', '--no-fund'];

/** Packs the project as it is built; gives the tarball's path. */
export function pack(into: string): string {
  const args = ['pack', '--ignore-scripts', ...quiet, '--pack-destination', into];
  return join(into, execFileSync('npm', args, { cwd: project, encoding: 'utf8' }).trim());
}

/** Installs packages into a folder that is a project of its own. */
export function install(folder: string, ...packages: readonly string[]): void {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', ...quiet, '--prefer-offline', ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The clients of stores, as users install them beside the agent: no command looks for them elsewhere. */
function linkClients(folder: string): void {
  const { peerDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(peerDependencies)) {
    symlinkSync(join(project, 'node_modules', name), join(folder, 'node_modules', name));
  }
}

/** The agent as its users have it: packed, and installed into an empty folder. */
export function packAgent(): { readonly folder: string; remove(): void } {
  // Bundled anew: after `tsc` alone, the agent that would run is the one before.
  execFileSync(process.execPath, [join(project, 'dist/build/bundle.js')], { stdio: 'inherit' });
  const scratch = mkdtempSync(join(tmpdir(), 'ostrace-agent-'));
  install(scratch, pack(scratch));
  linkClients(scratch);
  return {
    folder: join(scratch, 'node_modules/ostrace'),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
