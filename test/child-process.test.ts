import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type SeenPoint, key, on, preload, run, scenario, shape, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };

/** Each way, the file that is recorded, and how it ended. */
const ways: Readonly<Record<string, { file: string; end: object; etype?: string; below?: string }>> = {
  spawn: { file: 'true', end: { exit_code: 0 } },
  // Of `sh -c 'exit 3'`.
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
      // Of a synchronous call that gives its output alone, Node does not tell the pid.
      assert.ok(pid === undefined ? /Sync|missing/.test(way.name) : Number.isInteger(pid), way.name);
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

test('a context in the environment counts only with a signature', async (t) => {
  const env = { ...on, OSTRACE_TRACE_INFO: 'eyJiYXNlX2lkIjogIjEifQ==', OSTRACE_TRACE_HMAC: 'a'.repeat(40) };
  const { events, stderr, stdout } = await run(t, '-p', { args: ['process.env.OSTRACE_TRACE_INFO'], env });
  assert.deepEqual([events.length, stderr, stdout], [0, '', 'undefined\n']);
});

function commandOf(point: SeenPoint, event: 'start' | 'stop'): Record<string, unknown> {
  return point[event]!.info['command'] as Record<string, unknown>;
}
