// TypeScript that runs as it is: by tsx, by ts-node, and by Node, which strips the types itself.
// needs: agent packages postgresql mariadb
import { join } from 'node:path';
import { before, test } from 'node:test';

import { probe, type Probe } from '../loading/probe.js';
import { preload } from '../scenario.js';
import { applications, installApplications } from './install.js';

const cwd = join(applications, 'typescript');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

before(installApplications);

const byImport = ['--import', preload];
const byRequire = ['--require', preload];
const tsx = ['--import', 'tsx'];
// ts-node's register has to be required, and the agent with it: any `--import` sends the main file to Node's
// own loader, which knows no `.ts` on Node 20 and takes it for an ES module on later ones.
const tsNode = ['--require', 'ts-node/register'];
const loader = ['--loader', 'ts-node/esm'];

const ways: readonly (readonly [
  what: string,
  file: string,
  nodeArgs: readonly string[],
  bare: readonly string[],
])[] = [
  ['tsx, then the agent', 'app.ts', [...tsx, ...byImport], tsx],
  ['the agent, then tsx', 'app.ts', [...byImport, ...tsx], tsx],
  ['the agent by --require, and tsx', 'esm/app.ts', [...byRequire, ...tsx], tsx],
  ['tsx, then the agent, an ES module', 'esm/app.ts', [...tsx, ...byImport], tsx],
  ['ts-node, then the agent', 'app.ts', [...tsNode, ...byRequire], tsNode],
  ['the agent, then ts-node', 'app.ts', [...byRequire, ...tsNode], tsNode],
  ['ts-node’s loader and the agent', 'esm/app.ts', [...byImport, ...loader], loader],
];

for (const [what, file, nodeArgs, bare] of ways) {
  test(`${what} (${file}): the whole tree`, async (t) => {
    await probe(t, join(cwd, file), { cwd, load: 'none', nodeArgs, bare: { cwd, nodeArgs: bare } });
  });
}

const tools: readonly (readonly [what: string, script: string, flag: string])[] = [
  ['the command tsx', 'tsx/dist/cli.mjs', '--import'],
  ['the command ts-node', 'ts-node/dist/bin.js', '--require'],
];

for (const [what, script, flag] of tools) {
  test(`${what} with the agent in NODE_OPTIONS: the whole tree`, async (t) => {
    const options: Probe = { cwd, load: 'none', args: ['app.ts'] };
    await probe(t, join(applications, 'node_modules', script), {
      ...options,
      env: { NODE_OPTIONS: `${flag} ${preload}` },
      bare: { ...options, env: {} },
    });
  });
}

const withStripping = major >= 22 ? false : 'Node 20 strips no types';
// Node 22 needs a flag before 22.18.
const stripping = major === 22 && minor < 18 ? ['--experimental-strip-types'] : [];
for (const file of ['app.mts', 'app.cts', 'esm/app.ts']) {
  for (const load of ['import', 'require'] as const) {
    test(`Node's own stripping, --${load} (${file}): the whole tree`, { skip: withStripping }, async (t) => {
      // Any `--import` makes Node 22 take another way, with a warning of its own.
      const bare = load === 'import' ? { nodeArgs: [...stripping, '--import', 'data:text/javascript,'] } : {};
      await probe(t, join(cwd, file), { cwd, load, nodeArgs: stripping, bare });
    });
  }
}
