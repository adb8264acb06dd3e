// Applications that a bundler made one file of.
// needs: agent packages postgresql mariadb
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';

import { probe, wholeTree } from '../loading/probe.js';
import { scratch } from '../scenario.js';
import { makeBundle } from './bundle.js';
import { installApplications } from './install.js';

before(installApplications);

/** Drivers that are part of the bundle are never loaded from a file: there is nothing to hook. */
const trees = { external: wholeTree, inlined: 'wsgi(http(wsgi) command thread(thread_main))' } as const;

for (const format of ['cjs', 'esm'] as const) {
  for (const drivers of ['external', 'inlined'] as const) {
    for (const minify of [false, true]) {
      const what = `${format}${minify ? ', minified' : ''}, drivers ${drivers}`;
      test(`a bundle by esbuild, ${what}: ${trees[drivers]}`, async (t) => {
        const file = await makeBundle(scratch(t), { format, minify, drivers });
        const bytes = readFileSync(file).length;
        assert.equal(bytes > 100_000, drivers === 'inlined', `${bytes} bytes`);
        const load = format === 'cjs' ? 'require' : 'import';
        await probe(t, file, { load, tree: trees[drivers], mayWarn: drivers === 'inlined' });
      });
    }
  }
}
