// However a process ends, its events are stored, and it ends as without the agent.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { patiently } from './fixtures/patiently.js';
import { type Run, key, on, run, said, scenario, shape, treeOf } from './scenario.js';

const profiled = { ...on, OSTRACE_PROFILE: key };
const file = scenario('ways-out.cjs');
// An `--import`, even of an empty file, changes the stacks of an entry point.
const load = 'require';

interface Expected {
  /** The exit code that `process` says; undefined where the process can't say it. */
  readonly says?: number;
  readonly shape?: string;
}

const ways: Readonly<Record<string, Expected>> = {
  end: { says: 0 },
  'exit code': { says: 3 },
  exit: { says: 4 },
  'exit in a timer': { says: 5 },
  throw: { says: 1 },
  rejection: { says: 1 },
};

for (const [way, { says }] of Object.entries(ways)) {
  test(`${way}: all is stored, and the application ends as without the agent`, async (t) => {
    const bare = await run(t, file, { args: [way], load: 'none' });
    const traced = await run(t, file, { args: [way], env: profiled, load });
    assert.deepEqual(outcome(traced), outcome(bare));
    assert.equal(shape(treeOf(traced.events)), 'process(work)');
    assert.deepEqual(processStop(traced), { exit_code: says });
  });
}

/** What a process does to itself: nothing of its code runs behind that, and what it did before is stored. */
const ownEnds: Readonly<Record<string, { readonly tree?: string; readonly says?: object }>> = {
  'kill SIGTERM': { says: { exit_code: 143, signal: 'SIGTERM' } },
  'kill SIGINT': { says: { exit_code: 130, signal: 'SIGINT' } },
  'kill, by default': { says: { exit_code: 143, signal: 'SIGTERM' } },
  'kill, while it is handled': { says: { exit_code: 0 } },
  'kill SIGHUP': { tree: 'process!(work)' },
  'kill SIGKILL': { tree: 'process!(work)' },
  'no signal': { says: { exit_code: 0 } },
  reallyExit: { says: { exit_code: 8 } },
  abort: { says: { exit_code: 134, signal: 'SIGABRT' } },
  ...('execve' in process && { execve: { says: { exit_code: 0 } } }),
};

for (const [way, { says, tree = 'process(work)' }] of Object.entries(ownEnds)) {
  test(`${way}, by the process itself: all is stored, and it ends as without the agent`, async (t) => {
    const bare = await run(t, file, { args: [way, '300'], load: 'none' });
    const traced = await run(t, file, { args: [way, '300'], env: profiled, load });
    // The stack that `abort` prints has addresses.
    const ofBoth = [bare, traced].map(({ code, signal, stdout }) => ({ code, signal, stdout }));
    assert.deepEqual(ofBoth[1], ofBoth[0]);
    const works = Array.from({ length: 300 }, () => 'work').join(' ');
    assert.equal(shape(treeOf(traced.events)), tree.replace('work', works));
    assert.deepEqual(processStop(traced), says);
  });
}

const signals = [
  { way: 'signal', signal: 'SIGTERM', tree: 'process(work)', says: { exit_code: 143, signal: 'SIGTERM' } },
  { way: 'signal', signal: 'SIGINT', tree: 'process(work)', says: { exit_code: 130, signal: 'SIGINT' } },
  { way: 'signal, handled', signal: 'SIGTERM', tree: 'process(work shutdown)', says: { exit_code: 6 } },
  {
    way: 'signal, raised again',
    signal: 'SIGTERM',
    tree: 'process(work)',
    says: { exit_code: 143, signal: 'SIGTERM' },
  },
  { way: 'signal, ignored once', signal: 'SIGINT', tree: 'process(work)', says: { exit_code: 7 }, times: 2 },
] as const;

for (const { way, signal, tree, says, ...rest } of signals) {
  test(`${way} (${signal}): all is stored, and the application ends as without the agent`, async (t) => {
    const times = 'times' in rest ? rest.times : 1;
    const onReady: NonNullable<Parameters<typeof run>[2]>['onReady'] = async (_line, child) => {
      for (let i = 1; i <= times; i++) {
        const caught = i < times ? said(child, `caught ${i}`) : undefined;
        child.kill(signal);
        await caught;
      }
    };
    const bare = await run(t, file, { args: [way], load: 'none', onReady });
    const traced = await run(t, file, { args: [way], env: profiled, load, onReady });
    assert.deepEqual(outcome(traced), outcome(bare));
    assert.equal(shape(treeOf(traced.events)), tree);
    assert.deepEqual(processStop(traced), says);
  });
}

test('a signal that comes while the last trace ends ends the application, as without the agent', async (t) => {
  const { signal, stderr, events } = await run(t, file, {
    args: ['signal, as the last trace ends'],
    env: on,
    load,
    onReady: async (_line, child) => {
      // It is busy for the second in which the trace is to end.
      child.kill('SIGTERM');
      // Where it is lost, the application would run for ever.
      setTimeout(() => child.kill('SIGKILL'), 5000).unref();
    },
  });
  assert.deepEqual([signal, stderr, shape(treeOf(events))], ['SIGTERM', '', 'last']);
});

test('listeners of the application are counted as without the agent, and what they do at the exit is stored', async (t) => {
  const bare = await run(t, file, { args: ['many listeners'], load: 'none' });
  const traced = await run(t, file, { args: ['many listeners'], env: profiled, load });
  assert.deepEqual(outcome(traced), outcome(bare));
  assert.equal(
    shape(treeOf(traced.events)),
    `process(work ${Array.from({ length: 10 }, () => 'leaving').join(' ')})`,
  );
});

test('what a process did before it hung and was killed is stored, as unfinished', async (t) => {
  const { events, signal } = await run(t, file, {
    args: ['hang'],
    env: profiled,
    load,
    onReady: async (_line, child, stored) => {
      await patiently(stored, (seen) => seen.some(({ name }) => name === 'work-stop'));
      child.kill('SIGKILL');
    },
  });
  assert.equal(signal, 'SIGKILL');
  assert.equal(shape(treeOf(events)), 'process!(work)');
});

test('a burst of 20,000 events in one turn is stored whole, and in order', async (t) => {
  const { events, stderr } = await run(t, file, { args: ['exit', '10000'], env: profiled, load });
  assert.equal(stderr, '');
  const starts = events.filter((event) => event.name === 'work-start').map((event) => event.info['i']);
  assert.deepEqual(
    starts,
    Array.from({ length: 10_000 }, (_, i) => i),
  );
});

test('what does not fit is counted and reported', async (t) => {
  // 90 MB before the worker thread, which takes tens of milliseconds to boot, reads the first byte.
  const { events, stderr, code } = await run(t, file, {
    args: ['exit', '3000', '30000'],
    env: profiled,
    load,
  });
  assert.equal(code, 4);
  assert.match(stderr, /^ostrace: \d+ events were lost: they came faster than they could be taken$/m);
  // 3,000 points and the process, two events each.
  assert.equal(events.length + lostIn(stderr), 6002);
});

test('what does not fit into the rings of threads that are gone is counted too', async (t) => {
  const { events, stderr, code } = await run(t, scenario('many-threads.cjs'), { env: profiled, load });
  assert.equal(code, 0);
  assert.ok(lostIn(stderr) > 0, 'nothing was lost: the test shows nothing');
  // The process, and of each of three threads itself, its main and 1,000 points: two events each.
  const made = 2 * (1 + 3 * (2 + 1000));
  // Collections of garbage are events too, and may be among what is lost.
  assert.ok(events.length <= made && events.length + lostIn(stderr) >= made, `${events.length} are stored`);
});

test('what a store does not take is spooled and reported once, and the application goes on', async (t) => {
  const env = {
    ...profiled,
    // A `gc` point would be two events more.
    OSTRACE_TRACE_GC: 'false',
    OSTRACE_CONNECTION_STRING: `file://${file}/folder`,
  };
  const { stderr, code, events, spooled } = await run(t, file, { args: ['exit', '100'], env });
  assert.equal(code, 4);
  assert.equal(events.length, 0);
  assert.match(stderr, /^ostrace: 202 events wait in .*: cannot write .*ways-out.cjs\/folder.*\n$/);
  assert.equal(spooled.length, 202);
});

function lostIn(stderr: string): number {
  const counts = [...stderr.matchAll(/^ostrace: (\d+) events? (?:was|were) lost: /gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function outcome({ code, signal, stdout, stderr }: Run): object {
  return { code, signal, stdout, stderr };
}

function processStop({ events }: Run): unknown {
  return treeOf(events).find(({ name }) => name === 'process')?.stop?.info['process'];
}
