// The worker threads that an application starts: a point for each, and nothing that the application sees.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agentFolder, key, on, run, scenario, shape, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };

const ways: Readonly<Record<string, string>> = {
  file: 'thread(thread_main)',
  module: 'thread(thread_main)',
  url: 'thread(thread_main)',
  eval: 'thread(thread_main)',
  data: 'thread(thread_main)',
  throws: 'thread(thread_main)',
  exits: 'thread(thread_main)',
  // A thread that is terminated runs nothing of its own any more: what it did before is there.
  terminated: 'thread(thread_main!(inside))',
  'missing file': 'thread(thread_main)',
  'wrong options': 'thread',
  'refused argument': 'thread',
  nested: 'thread(thread_main(thread(thread_main)))',
  getters: 'thread(thread_main)',
  'null options': 'thread',
  'no file': 'thread',
  'failing data': 'thread',
  'after chdir': 'thread(thread_main)',
};

for (const file of ['threads.cjs', 'threads.mjs']) {
  test(`${file}: each way to start a thread gives what it gives without the agent, and is one point with its main`, async (t) => {
    // Arguments of a process that a thread refuses: these are what many services run with.
    const nodeArgs = ['--max-old-space-size=500', '--title=threads'];
    const bare = await run(t, scenario(file), { env: profiled, load: 'none', nodeArgs });
    const { stdout, stderr, code, events } = await run(t, scenario(file), { env: profiled, nodeArgs });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.deepEqual(comparable(stdout), comparable(bare.stdout));
    const [root] = treeOf(events);
    const below = Object.fromEntries(root!.children.map((way) => [way.name, shape(way.children)]));
    const { thread, ...named } = below;
    assert.deepEqual(named, ways);
    assert.equal(thread, 'thread_main', 'the subclass');
    const point = (way: string): { start: object; stop: object } => {
      const [found] = root!.children.find(({ name }) => name === way)!.children;
      return { start: found!.start.info, stop: found!.stop!.info };
    };
    const { thread_id, ...ended } = (point('exits').stop as { thread: Record<string, unknown> }).thread;
    assert.ok(Number.isInteger(thread_id));
    assert.deepEqual(ended, { exit_code: 7 });
    assert.deepEqual((point('eval').start as { thread: object }).thread, { file: '[code]' });
    assert.deepEqual((point('data').start as { thread: object }).thread, { file: '[code]', name: 'named' });
    assert.equal((point('throws').stop as { etype: string }).etype, 'RangeError');
    assert.equal((point('wrong options').stop as { etype: string }).etype, 'TypeError');
  });
}

test('a thread that outlives its trace no longer works for it', async (t) => {
  const { events, stdout } = await run(t, scenario('thread-pool.cjs'), { env: on });
  assert.equal(stdout, 'first\nsecond\n');
  // Terminated in the end: its main never came to a stop of its own.
  assert.equal(shape(treeOf(events)), 'first(thread(thread_main!(work)) rpc(rpc))');
});

test('a thread that is gone leaves nothing behind in its trace', async (t) => {
  const code = `
    const { Worker } = require('node:worker_threads');
    const { listeners } = require('${agentFolder}/dist/agent.js');
    const worker = new Worker('0', { eval: true });
    console.log(listeners.size);
    worker.on('exit', () => setImmediate(() => console.log(listeners.size)));
  `;
  const { stdout, stderr } = await run(t, '-e', { args: [code], env: profiled });
  assert.deepEqual([stdout, stderr], ['1\n0\n', '']);
});

test('an idle agent leaves threads alone, but for one that Node could not start any more', async (t) => {
  const code = `
    const { Worker } = require('node:worker_threads');
    process.chdir('/');
    const inside = \`
      const hasAgent = Object.getOwnPropertySymbols(globalThis).some((symbol) => /ostrace/.test(String(symbol)));
      require('node:worker_threads').parentPort.postMessage([hasAgent, process.execArgv.includes('-e'),
        process.execArgv.filter((argument) => /^--/.test(argument))]);
    \`;
    new Worker(inside, { eval: true }).on('message', (said) => console.log(JSON.stringify(said)));
  `;
  const nodeArgs = ['--import', 'ostrace/register'];
  const {
    stdout,
    stderr,
    code: exit,
  } = await run(t, '-e', { args: [code], env: on, load: 'none', nodeArgs });
  assert.equal(stderr, '');
  assert.equal(exit, 0);
  assert.equal(stdout, '[true,true,[]]\n');
});

// What an application may have done by the time at which it makes a thread.
const broken: Readonly<Record<string, { code: string; says: RegExp; tree: string }>> = {
  'without SharedArrayBuffer': {
    code: 'delete globalThis.SharedArrayBuffer; delete globalThis.Atomics;',
    says: /^$/,
    tree: 'thread(thread_main)',
  },
  'where nothing can be handed to it': {
    code: `const { from } = Buffer;
      Buffer.from = (value, ...rest) => {
        if (value instanceof SharedArrayBuffer) throw new TypeError('not here');
        return from(value, ...rest);
      };`,
    says: /^ostrace: the hook of Worker failed and is switched off; .*not here/,
    tree: 'thread',
  },
};
for (const [what, { code: before, says, tree }] of Object.entries(broken)) {
  test(`a thread ${what} starts as without the agent`, async (t) => {
    const code = `
      const { Worker } = require('node:worker_threads');
      require('ostrace').profiler.init('test-key');
      require('ostrace').profiler.trace('first', () => {});
      ${before}
      new Worker("require('node:worker_threads').parentPort.postMessage('runs')", { eval: true })
        .on('message', console.log);
    `;
    const { stdout, stderr, code: exit, events } = await run(t, '-e', { args: [code], env: on });
    assert.match(stderr, says);
    assert.deepEqual([stdout, exit], ['runs\n', 0]);
    assert.equal(shape(treeOf(events)), `first ${tree}`);
  });
}

test('a file whose name can not be read is Node’s to refuse, and switches nothing off', async (t) => {
  const code = `
    const { Worker } = require('node:worker_threads');
    const odd = new Proxy({}, { getPrototypeOf() { throw new RangeError('mine'); } });
    for (const file of [odd, new Proxy(new URL('file:///x'), {}), 1]) {
      try { new Worker(file); } catch ({ name, message }) { console.log(name, message); }
    }
    new Worker('0', { eval: true });
  `;
  const bare = await run(t, '-e', { args: [code], env: profiled, load: 'none' });
  const { stdout, stderr, events } = await run(t, '-e', { args: [code], env: profiled });
  assert.deepEqual([stdout, stderr], [bare.stdout, bare.stderr]);
  assert.equal(shape(treeOf(events)[0]!.children), 'thread thread thread thread(thread_main)');
});

test('nobody is told of the exporter’s own thread', async (t) => {
  const code = `
    const { subscribe } = require('node:diagnostics_channel');
    const { Worker } = require('node:worker_threads');
    process.on('worker', (worker) => console.log('event', worker instanceof Worker));
    subscribe('worker_threads', ({ worker }) => console.log('channel', worker instanceof Worker));
    require('ostrace').profiler.init('test-key');
    new Worker('0', { eval: true });
  `;
  const { stdout, stderr, events } = await run(t, '-e', { args: [code], env: on });
  assert.deepEqual([stdout, stderr], ['channel true\nevent true\n', '']);
  assert.equal(shape(treeOf(events)), 'thread(thread_main)');
});

/** What an application may see differ: the arguments that a thread inherits, without the agent's own. */
function comparable(stdout: string): unknown {
  return JSON.parse(stdout.replace(/ostrace-threads-\w+/g, 'folder'), (_name, value: unknown) =>
    Array.isArray(value) && value.length === 5 && typeof value[1] === 'number'
      ? value.toSpliced(1, 1)
      : value,
  );
}
