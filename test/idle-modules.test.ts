// Enabled, and nothing to trace: what an application loads is what it loads without the agent.
// needs: agent
import assert from 'node:assert/strict';
import Module from 'node:module';
import { type TestContext, test } from 'node:test';

import { type RunOptions, on, run, scenario } from './scenario.js';

interface Seen {
  /** Whether what was loaded is the very object that its module exports, by name. */
  readonly identical: Readonly<Record<string, boolean>>;
  /** The names of the exports, by package. */
  readonly shapes: Readonly<Record<string, readonly string[]>>;
  readonly counted: { readonly register: number; readonly registerHooks: number; readonly threads: number };
}

const spied = { NODE_OPTIONS: `--require ${scenario('identity/spy.cjs')}` };

async function load(t: TestContext, app: string, options: RunOptions): Promise<Seen> {
  const { stdout, stderr, code, files } = await run(t, scenario(`identity/${app}`), {
    ...options,
    env: { ...spied, ...options.env },
  });
  assert.deepEqual([code, stderr, files], [0, '', []]);
  return JSON.parse(stdout) as Seen;
}

for (const app of ['app.cjs', 'app.mjs']) {
  for (const how of ['import', 'require'] as const) {
    test(`${app}, --${how}: idle, no module hook is registered, no thread started, no export replaced`, async (t) => {
      const bare = await load(t, app, { load: 'none' });
      const idle = await load(t, app, { load: how, env: on });
      assert.deepEqual(idle.counted, { register: 0, registerHooks: 0, threads: 0 });
      assert.deepEqual(idle, bare);
      assert.deepEqual(
        Object.keys(idle.identical).filter((name) => idle.identical[name] !== true),
        [],
        'what was loaded is not what its module exports',
      );
    });
  }
}

test('the same check sees the module hooks of another agent', async (t) => {
  const { counted } = await load(t, 'app.mjs', {
    env: { ...on, NODE_NO_WARNINGS: '1' },
    nodeArgs: ['--import', scenario('identity/hook.mjs')],
  });
  assert.equal(counted.register, 1);
  assert.equal(counted.registerHooks, 'registerHooks' in Module ? 1 : 0);
  assert.ok(counted.threads > 0, 'the thread of the hooks');
});
