// The commands that a request starts: a point for each, and nothing that the application sees.
// needs: agent
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { type SeenPoint, key, on, preload, run, scenario, scratch, shape, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };

/** Each way, the file that is recorded, and how it ended. */
const ways: Readonly<
  Record<string, { file: string | undefined; end: object; etype?: string; below?: string }>
> = {
  spawn: { file: 'true', end: { exit_code: 0 } },
  // The command of `sh -c 'exit 3'`.
  'spawn_ exit code': { file: 'exit', end: { exit_code: 3 } },
  'spawn_ shell': { file: '(shell)', end: { exit_code: 0 } },
  'spawn_ signal': { file: 'sleep', end: { signal: 'SIGTERM' } },
  'spawn_ missing': { file: 'no-such-command', end: {}, etype: 'ENOENT' },
  'spawn_ aborted': { file: 'sleep', end: { signal: 'SIGTERM' }, etype: 'AbortError' },
  exec: { file: 'echo', end: { exit_code: 0 } },
  execFile: { file: 'echo', end: { exit_code: 0 } },
  'execFile_ callback': { file: 'exit', end: { exit_code: 2 } },
  spawnSync: { file: 'echo', end: { exit_code: 0 } },
  'spawnSync_ missing': { file: 'no-such-command', end: {}, etype: 'ENOENT' },
  execFileSync: { file: 'echo', end: { exit_code: 0 } },
  'execFileSync_ options': { file: 'pwd', end: { exit_code: 0 } },
  'execFileSync_ failing': { file: 'exit', end: { exit_code: 4 }, etype: 'Error' },
  execSync: { file: 'echo', end: { exit_code: 0 } },
  fork: { file: process.execPath, end: { exit_code: 0 }, below: 'process(in the child)' },
  'spawn_ node': { file: process.execPath, end: { exit_code: 0 }, below: 'process(in the child)' },
  'execFileSync_ node': { file: process.execPath, end: { exit_code: 0 }, below: 'process(in the child)' },
  'execSync_ inherited environment': { file: 'echo', end: { exit_code: 0 } },
  'execSync_ no environment': { file: 'echo', end: { exit_code: 0 } },
  'execFileSync_ inherited options': { file: 'echo', end: { exit_code: 0 } },
  'spawnSync_ inherited options': { file: 'echo', end: { exit_code: 0 } },
  'spawnSync_ getter': { file: 'pwd', end: { exit_code: 0 } },
  'spawnSync_ two options': { file: 'pwd', end: { exit_code: 0 } },
  'spawnSync_ null arguments': { file: 'echo', end: { exit_code: 0 } },
  'spawnSync_ null options': { file: 'echo', end: {}, etype: 'TypeError' },
  'spawnSync_ nothing': { file: undefined, end: {}, etype: 'TypeError' },
  'ChildProcess_ wrong arguments': { file: 'echo', end: {}, etype: 'TypeError' },
  'ChildProcess_ wrong environment': { file: 'true', end: { exit_code: 0 } },
};

for (const file of ['commands.cjs', 'commands.mjs']) {
  test(`${file}: each way to start a command gives what it gives without the agent, and is one point`, async (t) => {
    const bare = await run(t, scenario(file), { load: 'none' });
    const { stdout, stderr, code, events } = await run(t, scenario(file), { env: profiled });
    assert.equal(stderr, bare.stderr);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), JSON.parse(bare.stdout));
    const [root] = treeOf(events);
    assert.deepEqual(
      root!.children.map(({ name }) => name),
      Object.keys(ways),
    );
    for (const way of root!.children) {
      const { file: executable, end, etype, below = '' } = ways[way.name]!;
      const [command] = way.children;
      assert.equal(shape(way.children), below === '' ? 'command' : `command(${below})`, way.name);
      assert.equal(commandOf(command!, 'start')['file'], executable, way.name);
      const { pid, ...rest } = commandOf(command!, 'stop');
      // Node does not tell the pid of a synchronous call that gives its output alone.
      assert.ok(pid === undefined ? /Sync|missing|wrong/.test(way.name) : Number.isInteger(pid), way.name);
      assert.deepEqual(rest, end, way.name);
      assert.equal(command!.stop!.info['etype'], etype, way.name);
    }
    assert.doesNotMatch(JSON.stringify(events), /secret|PASSWORD/);
  });
}

test('arguments are recorded where they are asked for', async (t) => {
  const { events } = await run(t, scenario('commands.cjs'), {
    env: { ...profiled, OSTRACE_TRACE_COMMAND_ARGS: 'true' },
  });
  const args = (name: string): unknown =>
    commandOf(treeOf(events)[0]!.children.find((way) => way.name === name)!.children[0]!, 'start')['args'];
  assert.deepEqual(args('spawn'), ['--secret=1']);
  assert.deepEqual(args('spawnSync'), ['out']);
});

test('a child that gets the agent by NODE_OPTIONS takes part, through a shell and a package manager too', async (t) => {
  const code = `
    const { execSync } = require('node:child_process');
    execSync('node -e 0');
    execSync('npm exec --offline --call "node -e 1" 2>&1 || true');
  `;
  const env = { ...profiled, NODE_OPTIONS: `--require "${preload}"` };
  const { events, stderr } = await run(t, '-e', { args: [code], env, load: 'none' });
  assert.equal(stderr, '');
  assert.equal(shape(treeOf(events)), 'process(command(process) command(process))');
});

test('a relative folder of traces is the same one for children that start elsewhere', async (t) => {
  const cwd = scratch(t);
  const below = join(cwd, 'below');
  mkdirSync(below);
  const code = `
    const { spawn, spawnSync } = require('node:child_process');
    const args = [...process.execArgv.filter((each) => !/^-e/.test(each)), '-e', '0'];
    for (const start of [spawn, spawnSync]) {
      start(process.execPath, args, { cwd: 'below' });
      start(process.execPath, args, { cwd: 'below', env: { ...process.env } });
    }
    const env = { ...process.env, OSTRACE_CONNECTION_STRING: 'file://asked' };
    spawn(process.execPath, args, { cwd: 'below', env: { ...env, OSTRACE_CONNECTION_STRING: 'file://askedToo' } });
    spawnSync(process.execPath, args, { cwd: 'below', env });
  `;
  const env = {
    ...profiled,
    OSTRACE_CONNECTION_STRING: 'file://traces',
    NODE_OPTIONS: `--require "${preload}"`,
  };
  const { code: exit, stderr } = await run(t, '-e', { args: [code], cwd, env, load: 'none' });
  assert.deepEqual([exit, stderr], [0, '']);
  assert.deepEqual(readdirSync(cwd), ['below', 'traces']);
  assert.deepEqual(readdirSync(below), ['asked', 'askedToo']);
});

test('a server that a traced request started does not serve unsigned requests within that trace', async (t) => {
  const inRequest = await run(t, scenario('child-server.cjs'), { env: on });
  assert.deepEqual([inRequest.stdout, inRequest.stderr], ['ok\nok\n', '']);
  assert.equal(shape(treeOf(inRequest.events)), 'request(command(process) thread(thread_main))');
  const whole = await run(t, scenario('child-server.cjs'), { env: profiled });
  assert.equal(whole.events.filter(({ name }) => name === 'wsgi-start').length, 2);
});

test('a context in the environment counts only with a signature', async (t) => {
  const env = { ...on, OSTRACE_TRACE_INFO: 'eyJiYXNlX2lkIjogIjEifQ==', OSTRACE_TRACE_HMAC: 'a'.repeat(40) };
  const { events, stderr, stdout } = await run(t, '-p', { args: ['process.env.OSTRACE_TRACE_INFO'], env });
  assert.deepEqual([events.length, stderr, stdout], [0, '', 'undefined\n']);
});

function commandOf(point: SeenPoint, event: 'start' | 'stop'): Record<string, unknown> {
  return (point[event]!.info['command'] ?? {}) as Record<string, unknown>;
}
