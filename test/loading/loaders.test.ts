// Loaders of somebody else's that give Node the source of CommonJS files too, as compilers and other agents
// do. Node then runs such a file, and all that it requires, without the functions that can be hooked.
// needs: agent postgresql mariadb
import { join } from 'node:path';
import { test } from 'node:test';

import { preload } from '../scenario.js';
import { folder, probe } from './probe.js';

const loader = ['--import', join(folder, 'preloads/register-loader.mjs')];
const agent = ['--import', preload];
const orders = { 'before the agent': [...loader, ...agent], 'after the agent': [...agent, ...loader] };

for (const [order, nodeArgs] of Object.entries(orders)) {
  for (const form of ['require-node.cjs', 'import-named.mjs']) {
    test(`a loader that supplies all sources, registered ${order}: ${form} has its whole tree`, async (t) => {
      await probe(t, join(folder, 'forms', form), { load: 'none', nodeArgs, bare: { nodeArgs: loader } });
    });
  }
}
