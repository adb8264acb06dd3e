// Node with less than all rights: its permission model, and policies.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { on, run, scratch, signedHeaders } from '../scenario.js';
import { ask, folder, probe } from './probe.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isStable = major > 22 || (major === 22 && minor >= 13);
const permission = [
  isStable ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  ...(major >= 25 ? ['--allow-net'] : []),
];

test('the permission model with all that the application and the agent need: the whole tree', async (t) => {
  const nodeArgs = [...permission, '--allow-worker', '--allow-child-process', '--allow-fs-write=*'];
  await probe(t, join(folder, 'forms/require-node.cjs'), { nodeArgs, load: 'require' });
});

for (const load of ['import', 'require'] as const) {
  test(`the permission model without threads, --${load}: it is said, with what is lost by it, and the application goes on`, async (t) => {
    const file = join(folder, 'no-threads.cjs');
    const { headers } = signedHeaders();
    const answers: unknown[] = [];
    const onReady = async (port: string): Promise<void> => {
      for (let i = 0; i < 2; i++) answers.push(await ask(port, '/', headers));
      await ask(port, '/end', {});
    };
    const bare = await run(t, file, { load: 'none', nodeArgs: permission, onReady });
    const traced = await run(t, file, { load, nodeArgs: permission, env: on, onReady });
    assert.equal((answers[0] as { status: number }).status, 200);
    assert.deepEqual(answers.slice(1), [answers[0], answers[0], answers[0]]);
    const own = traced.stderr.split('\n').filter((line) => line.startsWith('ostrace:'));
    assert.equal(own.length, 2, traced.stderr);
    assert.match(own[0]!, /traces are not stored: .*--allow-worker/);
    assert.match(own[1]!, /\d+ events were lost: the exporter's thread is not running/);
    assert.deepEqual([traced.code, traced.signal, traced.files], [bare.code, bare.signal, []]);
  });
}

const withPolicies = major < 22 ? false : 'Node 22 has no policies any more';

// Under one, `require` is a private function of Node's.
test(
  'under a policy the drivers are traced too, and the application goes on',
  { skip: withPolicies },
  async (t) => {
    const policy = join(scratch(t), 'policy.json');
    const anything = { integrity: true, dependencies: true, cascade: true };
    writeFileSync(policy, JSON.stringify({ scopes: { 'file:': anything } }));
    const nodeArgs = [`--experimental-policy=${policy}`];
    await probe(t, join(folder, 'no-threads.cjs'), {
      nodeArgs,
      load: 'require',
      tree: 'wsgi(db db http(wsgi))',
    });
  },
);
