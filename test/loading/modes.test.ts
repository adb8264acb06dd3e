// Node in the modes in which somebody else starts the application: the REPL, the test runner, the watcher.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { patiently } from '../fixtures/patiently.js';
import { type Run, type RunOptions, on, run, shape, signedHeaders, treeOf } from '../scenario.js';
import { folder, wholeTree } from './probe.js';

const self = join(folder, 'self.cjs');
const said = '200 [1,2,"inner","command","thread"]';

/** Runs a program that asks itself, under the agent and without it. */
async function both(t: TestContext, file: string, options: RunOptions): Promise<[traced: Run, bare: Run]> {
  const { base_id, headers } = signedHeaders();
  const env = { ...options.env, TEST_HEADERS: JSON.stringify(headers) };
  const bare = await run(t, file, { ...options, env, load: 'none' });
  const traced = await run(t, file, { ...options, env: { ...on, ...env } });
  assert.equal(shape(treeOf(traced.events)), wholeTree, traced.stdout + traced.stderr);
  assert.deepEqual(new Set(traced.events.map((event) => event.base_id)), new Set([base_id]));
  for (const { stdout } of [traced, bare]) {
    assert.equal(stdout.split('\n').filter((line) => line.endsWith(said)).length, 2, stdout);
  }
  assert.equal(traced.stderr, bare.stderr);
  assert.deepEqual([traced.code, traced.signal], [bare.code, bare.signal]);
  return [traced, bare];
}

for (const load of ['import', 'require'] as const) {
  test(`the REPL, --${load}: a request to its server has the whole tree`, async (t) => {
    const input = `const ask = require(${JSON.stringify(join(folder, 'ask-self.cjs'))})\nawait ask()\n.exit\n`;
    const [traced, bare] = await both(t, '-i', { load, input });
    assert.equal(traced.stdout, bare.stdout);
  });

  test(`node --test, --${load}: the application that a test file starts has the whole tree`, async (t) => {
    const nodeArgs = ['--test', '--test-reporter=tap'];
    const [traced] = await both(t, self, { load, nodeArgs });
    assert.match(traced.stdout, /^# pass 1$/m);
  });

  test(`node --watch, --${load}: the watched application has the whole tree`, async (t) => {
    await both(t, self, {
      load,
      nodeArgs: ['--watch'],
      onReady: async (_line, child, _stored, printed) => {
        await patiently(printed, (text) => text.includes('Completed running'));
        child.kill('SIGTERM');
      },
    });
  });
}
