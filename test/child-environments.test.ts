// A child process gets of the trace what it can use, and learns nothing by it that it was not given anyway.
// needs: agent
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { key, on, run, scenario, scratch } from './scenario.js';

interface Seen {
  /** How many of the two variables of the context. */
  readonly context: number;
  readonly store?: string;
}

interface Handed {
  readonly results: Readonly<Record<string, Seen>>;
  readonly threads: Readonly<Record<string, Seen>>;
  readonly byName: Readonly<Record<string, readonly number[]>>;
}

async function handed(t: Parameters<typeof run>[0], store: string | undefined, cwd: string): Promise<Handed> {
  const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_CONNECTION_STRING: store };
  const { stdout, stderr, code } = await run(t, scenario('child-environments.cjs'), { env, cwd });
  assert.deepEqual([stderr, code], ['', 0]);
  return JSON.parse(stdout) as Handed;
}

const ways = ['spawn', 'spawn, a shell', 'exec', 'execFile', 'spawnSync', 'execSync', 'execFileSync', 'fork'];
const takingPart = ['inherited', 'copied', 'a view of it', 'a proxy', 'getters', 'as oneself'];
const strangers = ['a path alone', 'empty', 'an empty proxy'];
const unable = ['another key', 'switched off', 'not switched on', 'no key'];

test('a child with the settings gets the context, one without them gets nothing', async (t) => {
  const cwd = scratch(t);
  const raw = 'file://traces';
  const absolute = `file://${join(cwd, 'traces')}`;
  const { results, threads, byName } = await handed(t, raw, cwd);
  const with2 = (store?: string): Seen => ({ context: 2, ...(store !== undefined && { store }) });
  const with0 = (store?: string): Seen => ({ context: 0, ...(store !== undefined && { store }) });
  const expect = (way: string, environments: readonly string[], wanted: Seen): void => {
    for (const each of environments) assert.deepEqual(results[`${way}: ${each}`], wanted, `${way}: ${each}`);
  };
  for (const way of ways) {
    expect(way, takingPart, with2(absolute));
    expect(way, strangers, with0());
    // Its caller gave it the store as it is here.
    expect(way, unable, with0(raw));
    expect(way, ['no store'], with2());
    expect(way, ['another store'], with2('file:///elsewhere'));
  }
  // Node adds to the environment of the process.
  expect('cluster.fork', ['inherited', 'copied', 'a path alone', 'empty'], with2(absolute));
  expect('cluster.fork', ['another key', 'switched off'], with0(raw));
  assert.deepEqual(threads, {
    inherited: with2(absolute),
    empty: with0(),
    copied: with2(absolute),
    // A thread's store is a folder, which is no secret, and it was given none of its own.
    'no store': with2(absolute),
  });
  const staying = ['pseudo -u app', 'chroot /', 'unshare --fork'];
  for (const [command, contexts] of Object.entries(byName)) {
    assert.deepEqual(contexts, Array(9).fill(staying.includes(command) ? 2 : 0), command);
  }
});

const onlyRoot = process.getuid?.() === 0 ? false : 'only root starts a child as another user';

test('a child of another user or group gets nothing', { skip: onlyRoot }, async (t) => {
  const raw = 'file://traces';
  const { results } = await handed(t, raw, scratch(t));
  for (const way of [...ways, 'cluster.fork']) {
    for (const each of ['another user', 'another group'])
      assert.deepEqual(results[`${way}: ${each}`], { context: 0, store: raw }, `${way}: ${each}`);
  }
});

test('a password of the store goes nowhere where the child was not given it', async (t) => {
  const cwd = scratch(t);
  const store = 'redis://:store-secret@127.0.0.1:1/,file://traces';
  const absolute = `redis://:store-secret@127.0.0.1:1/,file://${join(cwd, 'traces')}`;
  const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_CONNECTION_STRING: store, OSTRACE_EXIT_TIMEOUT: '0' };
  const { stdout, code } = await run(t, scenario('child-environments.cjs'), { env, cwd });
  assert.equal(code, 0);
  const { results, threads } = JSON.parse(stdout) as Handed;
  for (const way of ways) {
    for (const each of strangers)
      assert.deepEqual(results[`${way}: ${each}`], { context: 0 }, `${way}: ${each}`);
    assert.deepEqual(results[`${way}: no store`], { context: 2 }, way);
    assert.deepEqual(results[`${way}: copied`], { context: 2, store: absolute }, way);
  }
  assert.deepEqual(threads['empty'], { context: 0 });
  assert.deepEqual(threads['no store'], { context: 2 });
});

test('a store that nobody names is the same folder for children', async (t) => {
  const cwd = scratch(t);
  const { results } = await handed(t, undefined, cwd);
  const wanted = { context: 2, store: `file://${join(cwd, '.ostrace')}` };
  for (const way of ways) {
    for (const each of takingPart) assert.deepEqual(results[`${way}: ${each}`], wanted, `${way}: ${each}`);
    assert.deepEqual(results[`${way}: a path alone`], { context: 0 }, way);
  }
});
