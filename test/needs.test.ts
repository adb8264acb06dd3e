// What a test file declares to need is what it uses.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { complaints, declaredNeeds, testFiles } from './needs.js';

/** What is wrong with a file `it.test.ts`, beside the other files that are given. */
function wrong(source: string, others: Readonly<Record<string, string>> = {}): string[] {
  const files: Readonly<Record<string, string>> = { 'it.test.ts': source, ...others };
  return complaints('it.test.ts', (path) => files[path]);
}

test('each test file declares what it uses', () => {
  const files = testFiles();
  assert.ok(files.includes('needs.test.ts'), 'the tests are not seen');
  assert.deepEqual(
    files.flatMap((file) => complaints(file)),
    [],
  );
});

test('a declaration stands in the comment with which a file begins, and names what there is', () => {
  assert.deepEqual(
    [...declaredNeeds('// Its subject.\n// needs: agent redis\nimport x;\n')],
    ['agent', 'redis'],
  );
  assert.deepEqual([...declaredNeeds('/**\n * Its subject.\n */\n// needs: agent\nimport x;\n')], ['agent']);
  assert.deepEqual([...declaredNeeds('// Its subject.\nimport x;\n// needs: agent\n')], []);
  assert.throws(() => declaredNeeds('// needs: agent, redis\n'), /nothing is called "agent,"/);
});

test('what a file uses is told by the variables that it reads', () => {
  // Not in one piece, which would be a use of this file's own.
  const source = 'const { PG… } = process.env;\n'.replace('…', 'HOST');
  assert.deepEqual(wrong(source), ['it.test.ts uses postgresql and does not declare it']);
  assert.deepEqual(wrong(`// needs: postgresql\n${source}`), []);
});

test('who imports what runs the agent uses it; the rest of the module is for every test', () => {
  assert.deepEqual(wrong(`import { key, run } from './scenario.js';\n`), [
    'it.test.ts uses agent and does not declare it',
  ]);
  assert.deepEqual(wrong(`import {\n  key,\n  preload,\n} from '../scenario.js';\n`), [
    'it.test.ts uses agent and does not declare it',
  ]);
  assert.deepEqual(wrong(`import { type Run, key } from './scenario.js';\n`), []);
});

test('a file uses what the modules that it imports declare, at any distance', () => {
  const others = {
    'fixtures/near.ts': `import { far } from './far.js';\n`,
    'fixtures/far.ts': `// Its subject.\n// needs: rabbitmq\n`,
  };
  assert.deepEqual(wrong(`import { near } from './fixtures/near.js';\n`, others), [
    'it.test.ts uses rabbitmq and does not declare it',
  ]);
  assert.deepEqual(wrong(`import type { Near } from './fixtures/near.js';\n`, others), []);
});

test('what is declared and used nowhere is told, also in the programs that a file names', () => {
  assert.deepEqual(
    wrong(`// needs: mariadb\nscenario('calls.cjs');\n`, { 'scenarios/calls.cjs': 'exit()' }),
    ['it.test.ts declares mariadb and does not use it'],
  );
  const program = { 'scenarios/calls.cjs': `require('mysql2')` };
  assert.deepEqual(wrong(`// needs: mariadb\nscenario('calls.cjs');\n`, program), []);
});
