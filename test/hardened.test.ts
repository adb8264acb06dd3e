// Applications that harden themselves: what can't be hooked there costs itself alone, and says so in a line.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as util from 'node:util';

import { on, run, scenario, signedHeaders, treeOf } from './scenario.js';

interface Expected {
  /** Points below the request that are missing. */
  readonly lacks?: string;
  /** How many calls are said to be left out. */
  readonly leftOut?: number;
  /** What is said of it. */
  readonly says?: RegExp;
}

// Before Node 22.9 there is no other way to a stack than by Error.
const needsError: Expected =
  'getCallSites' in util
    ? {}
    : {
        lacks: '/by-fetch',
        says: /^ostrace: requests of fetch and undici are not traced: .*without stacks\n$/,
      };
const ofNode =
  /^(?:ostrace: the hook of .* failed and is switched off; the application goes on\. .*\n(?: {4}at .*\n)*)*$/;

const cases: Readonly<Record<string, Expected & { readonly when?: 'when traced' }>> = {
  none: {},
  'frozen Error': needsError,
  'a limit of stacks that stays': needsError,
  'frozen prototypes': {},
  'frozen modules': { says: ofNode },
  'frozen process': { when: 'when traced' },
  'a copy of undici that takes no headers': {
    when: 'when traced',
    says: /^ostrace: a copy of undici is not traced, and neither is Node's own fetch if .*: its version does not let the agent add headers; install another version\n$/,
    leftOut: 2,
  },
  'a copy of undici whose requests throw': { when: 'when traced', says: ofNode },
};

for (const [mode, { lacks, says, leftOut, when = 'at the start' }] of Object.entries(cases)) {
  test(`${mode}, ${when}: the application goes on, and all else is traced`, async (t) => {
    const { base_id, headers } = signedHeaders();
    const env = {
      ...on,
      SIGNED_HEADERS: JSON.stringify(headers),
      OSTRACE_PROPAGATE_TO: '127.0.0.1,localhost',
    };
    const args = [mode, when];
    const bare = await run(t, scenario('hardened.cjs'), { args, env, load: 'none' });
    const { code, stdout, stderr, events } = await run(t, scenario('hardened.cjs'), {
      args,
      env,
      load: 'require',
    });
    assert.deepEqual([code, stdout], [bare.code, bare.stdout], stderr);
    if (says === undefined) assert.equal(stderr, '');
    else assert.match(stderr, says);
    const [request] = treeOf(events, base_id);
    const points = request!.children.map(({ name, start }) => {
      const { path } = (start.info['requests'] ?? {}) as { path?: string };
      return path ?? name;
    });
    const all = ['/by-fetch', '/by-http', 'command', 'thread'].filter((each) => each !== lacks);
    // Those of the copy that throws are there, or not.
    assert.deepEqual(
      points.filter((each) => each !== '/' && each !== 'left_out'),
      all,
      stderr,
    );
    const said = events.find(({ name }) => name === 'left_out-start')?.info['left_out'];
    if (leftOut !== undefined) assert.equal((said as { unknown?: number } | undefined)?.unknown, leftOut);
  });
}

test('--frozen-intrinsics: the application goes on, and all else is traced', async (t) => {
  const { base_id, headers } = signedHeaders();
  const env = { ...on, SIGNED_HEADERS: JSON.stringify(headers) };
  const options = { args: ['none', ''], nodeArgs: ['--frozen-intrinsics', '--no-warnings'], env };
  const { stderr, events } = await run(t, scenario('hardened.cjs'), { ...options, load: 'require' });
  if (needsError.says === undefined) assert.equal(stderr, '');
  else assert.match(stderr, needsError.says);
  const names = treeOf(events, base_id)[0]!.children.map(({ name }) => name);
  const all = ['http', 'http', 'command', 'thread'];
  assert.deepEqual(names, needsError.lacks === undefined ? all : all.slice(1));
});
