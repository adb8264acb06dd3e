import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { type Run, projectFolder, scratch } from '../scenario.js';

/**
 * An app in a folder of its own, which sees packages as any app sees its own.
 *
 * @param modules the folder where they are installed
 * @param body the app's body, in test/versions
 * @param imports what the body is given, by the names of its parameters, which are in braces for a named export; after
 *   `require ` also in an ES module what `require` gives, after `all ` there all exports
 */
export function writeApp(
  t: TestContext,
  modules: string,
  kind: 'cjs' | 'mjs',
  body: string,
  imports: Readonly<Record<string, string>>,
): string {
  const folder = scratch(t);
  symlinkSync(join(modules, 'node_modules'), join(folder, 'node_modules'));
  const names = Object.entries(imports);
  const lines = names.map(([name, from]) => {
    const isRequired = kind === 'cjs' || from.startsWith('require ');
    const [id = ''] = from.split(' ').slice(-1);
    if (isRequired) return `const ${name} = require('${id}');`;
    return `import ${from.startsWith('all ') ? `* as ${name}` : name} from '${id}';`;
  });
  if (kind === 'mjs') {
    lines.unshift(
      `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    );
  }
  const calls = JSON.stringify(join(projectFolder, 'test/versions', body));
  lines.push(
    kind === 'cjs' ? `const calls = require(${calls});` : `import calls from ${calls};`,
    `calls({ ${names.map(([name]) => name.replace(/[{}]/g, '')).join(', ')} });`,
  );
  const file = join(folder, `app.${kind}`);
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** The application saw the same, said the same and ended the same. */
export function sameAs(bare: Run, traced: Run): void {
  const seen = ({ stdout, stderr, code }: Run): unknown => ({
    results: stdout === '' ? undefined : (JSON.parse(stdout) as unknown),
    stderr: stderr.replace(/\(node:\d+\)/g, '(node)'),
    code,
  });
  assert.deepEqual(seen(traced), seen(bare));
}
