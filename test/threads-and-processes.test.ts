// Where the agent runs in threads and child processes, as docs/threads-and-processes.md says it to people.
// needs: agent
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type Run, key, on, preload, run, scenario, shape, treeOf } from './scenario.js';

/** How the agent came into the process. */
const starts = ['--import', '--require', 'NODE_OPTIONS=--import', 'NODE_OPTIONS=--require'] as const;
type Start = (typeof starts)[number];

function startedBy(t: TestContext, start: Start, file: string, env: Record<string, string>): Promise<Run> {
  const flag = start.endsWith('import') ? 'import' : 'require';
  return start.startsWith('--')
    ? run(t, scenario(file), { load: flag, env })
    : run(t, scenario(file), { load: 'none', env: { ...env, NODE_OPTIONS: `--${flag} "${preload}"` } });
}

const none: readonly string[] = [];
const all = ['file', 'module', 'eval', 'data'];
// Node runs no `--import` in a thread that is made of CommonJS text.
const notEval = ['file', 'module', 'data'];

/** In which threads the agent is on, while the code that starts them is not traced. */
const untracedThreads: Readonly<Record<Start, Readonly<Record<string, readonly string[]>>>> = {
  '--import': {
    plain: notEval,
    'execArgv: []': none,
    'env: {}': none,
    'env: the settings': notEval,
    SHARE_ENV: notEval,
    both: none,
  },
  '--require': {
    plain: all,
    'execArgv: []': none,
    'env: {}': none,
    'env: the settings': all,
    SHARE_ENV: all,
    both: none,
  },
  'NODE_OPTIONS=--import': {
    plain: notEval,
    'execArgv: []': notEval,
    'env: {}': none,
    'env: the settings': none,
    SHARE_ENV: notEval,
    both: none,
  },
  'NODE_OPTIONS=--require': {
    plain: all,
    'execArgv: []': all,
    'env: {}': none,
    'env: the settings': none,
    SHARE_ENV: all,
    both: none,
  },
};

for (const start of starts) {
  test(`${start}: the threads in which the agent is on are those of the table`, async (t) => {
    const { stdout, stderr, events } = await startedBy(t, start, 'reach/threads.cjs', on);
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), untracedThreads[start]);
    assert.deepEqual(events, []);
  });

  test(`${start}, traced: the agent is on in every thread, and each is one point with its main`, async (t) => {
    const env = { ...on, OSTRACE_PROFILE: key };
    const { stdout, stderr, events } = await startedBy(t, start, 'reach/threads.cjs', env);
    assert.equal(stderr, '');
    const ways = Object.keys(untracedThreads[start]);
    assert.deepEqual(JSON.parse(stdout), Object.fromEntries(ways.map((way) => [way, all])));
    const [root, ...others] = treeOf(events);
    assert.deepEqual(others, []);
    assert.equal(root!.children.length, ways.length * all.length);
    for (const { name, children } of root!.children) {
      assert.equal(shape(children), 'thread(thread_main)', name);
      const { exit_code } = children[0]!.stop!.info['thread'] as Record<string, unknown>;
      assert.equal(exit_code, 0, name);
    }
  });
}

const joined = 'command(process)';
// The process between is one with the agent as well.
const throughOne = 'command(process(command(process)))';
// The agent does not run in the child: its parent's point is all that there is.
const alone = 'command';

/** What each way to start a Node.js process makes in a trace. The agent is on where there is a `process`. */
const processes: Readonly<Record<string, readonly [byArgument: string, byNodeOptions: string]>> = {
  fork: [joined, joined],
  'fork, execArgv: []': [alone, joined],
  'fork, env: {}': [alone, alone],
  'fork, own NODE_OPTIONS': [joined, alone],
  'spawn node': [alone, joined],
  'spawn node with process.execArgv': [joined, joined],
  'spawn node, env: {}': [alone, alone],
  'spawn node, own NODE_OPTIONS': [alone, alone],
  'spawn node, NODE_OPTIONS and own': [alone, joined],
  'sh -c node': [alone, joined],
  'env -i node': [alone, alone],
  'cluster.fork': [joined, joined],
  'a grandchild, by fork': [throughOne, throughOne],
  'a grandchild, by sh -c node and fork': [alone, throughOne],
  'execFileSync node': [alone, joined],
};

for (const start of starts) {
  const column = start.startsWith('--') ? 0 : 1;
  const reached = Object.keys(processes).filter((way) => processes[way]![column] !== alone);
  // Each column idle and traced, each flag once.
  const isTraced = start === '--import' || start === 'NODE_OPTIONS=--require';

  test(`${start}${isTraced ? ', traced' : ''}: the child processes in which the agent is on are those of the table`, async (t) => {
    const env = { ...on, ...(isTraced && { OSTRACE_PROFILE: key }) };
    const { stdout, stderr, events } = await startedBy(t, start, 'reach/processes.cjs', env);
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), reached);
    if (!isTraced) {
      assert.deepEqual(events, []);
      return;
    }
    const [root, ...others] = treeOf(events);
    assert.deepEqual(others, []);
    const shapes = root!.children.map(({ children }) => shape(children));
    assert.deepEqual(
      shapes,
      Object.values(processes).map((row) => row[column]),
    );
    for (const { name, children } of root!.children) {
      const { pid, exit_code } = children[0]!.stop!.info['command'] as Record<string, unknown>;
      // Node does not tell the pid of a synchronous call.
      assert.ok(Number.isInteger(pid) || name.includes('Sync'), name);
      assert.equal(exit_code, 0, name);
    }
  });
}
