// Each way in which an application gets its modules: a file in test/loading/forms, named by its first line.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder, probe } from './probe.js';

const forms = join(folder, 'forms');
const files = [...readdirSync(forms).filter((name) => /\.[cm]js$/.test(name)), 'imports-map/app.mjs'];
const flags: Readonly<Record<string, readonly string[]>> =
  Number(process.versions.node.split('.')[0]) === 22 && Number(process.versions.node.split('.')[1]) < 12
    ? { 'require-esm.cjs': ['--experimental-require-module'] }
    : {};

for (const file of files) {
  const [title = ''] = readFileSync(join(forms, file), 'utf8').split('\n');
  // `--import` sends a CommonJS application through another loader; an ES module takes the same way in both.
  const loads = file.endsWith('.cjs') || file === 'import-named.mjs' ? ['import', 'require'] : ['import'];
  for (const load of loads as ('import' | 'require')[]) {
    test(`${title.slice(3)}, --${load}: a signed request has its whole tree, an unsigned one none`, async (t) => {
      await probe(t, join(forms, file), { load, nodeArgs: flags[file] ?? [] });
    });
  }
}

test('there are forms', () => assert.ok(files.length > 10));
