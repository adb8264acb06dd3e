// What becomes of events whose store is down: the spool, who delivers it, and what is said.
// needs: agent
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { blockingStore } from './fixtures/blocking.js';
import { newId } from '../src/trace/ids.js';
import { signIds } from '../src/trace/signing.js';
import {
  agentFolder,
  key,
  on as enabled,
  preload,
  readSpool,
  run,
  scratch,
  shape,
  treeOf,
} from './scenario.js';

/** Each event is counted, and nobody knows how often V8 collects garbage. */
const on = { ...enabled, OSTRACE_TRACE_GC: 'false' };

const cli = join(agentFolder, 'dist/src/cli/main.js');

/** A program that makes a trace of one point. */
const work =
  "const { profiler } = require('ostrace'); profiler.init('key'); profiler.trace('work', () => {});";

/** A store that is down, as there is a file where its folder is to be, until it is mended. */
function downStore(t: TestContext) {
  const place = scratch(t);
  const folder = join(place, 'traces');
  writeFileSync(folder, 'not a folder');
  return { place, folder, connection: `file://${folder}`, mend: () => rmSync(folder) };
}

/**
 * Has a process leave two events in a spool, which is a folder beside its store that is down.
 *
 * @param variables of the process, where it is about others
 */
async function leaveEvents(
  t: TestContext,
  variables: (place: string) => Readonly<Record<string, string | undefined>> = () => ({}),
) {
  const { place, folder, connection, mend } = downStore(t);
  const spool = join(place, 'spool');
  const env = {
    ...on,
    OSTRACE_CONNECTION_STRING: connection,
    OSTRACE_SPOOL: spool,
    ...variables(place),
  };
  return { place, folder, spool, mend, env, first: await run(t, '-e', { args: [work], env }) };
}

function tracesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
}

/** For what another process does, on a busy machine. */
const patienceMs = 60_000;

/** Waits until a store has so many traces: the system tells of each change in its folder, or of that being made. */
async function untilTraces(folder: string, count: number): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  for (;;) {
    const isThere = existsSync(folder);
    const watcher = watch(isThere ? folder : dirname(folder));
    try {
      const changed = once(watcher, 'change', { signal });
      // Also where it is not waited for any more.
      changed.catch(() => {});
      if (isThere && tracesIn(folder).length >= count) return;
      // What is made in between is in what was not watched yet.
      if (existsSync(folder) === isThere) await changed;
    } finally {
      watcher.close();
    }
  }
}

/**
 * Has a process do its work, and waits until it says that the events of it wait in the spool.
 *
 * @returns what it has said by then
 */
function spoolBySignal(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (text: string) => {
      said += text;
      if (/^ostrace: events for \S+ wait in \S+: .*\n/m.test(said)) resolve(said);
    });
    child.stderr!.on('end', () => reject(new Error(`it has said no more than: ${said}`)));
    child.kill('SIGHUP');
  });
}

test('a store that comes back gets what happened meanwhile too', async (t) => {
  const { folder, connection, mend } = downStore(t);
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('key');
    let times = 0;
    process.on('SIGHUP', () => {
      for (let i = 0; i < 100; i++) profiler.trace('work', () => {});
      if (++times === 2) clearInterval(timer);
    });
    const timer = setInterval(() => {}, 1000);
    console.log('ready');
  `;
  const {
    stderr,
    code: exit,
    spooled,
  } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_CONNECTION_STRING: connection },
    onReady: async (_line, child) => {
      assert.match(
        await spoolBySignal(child),
        /^ostrace: events for file:\/\/\S+ wait in \S+: cannot write /,
      );
      mend();
      await untilTraces(folder, 1);
      child.kill('SIGHUP');
    },
  });
  assert.equal(exit, 0);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  assert.deepEqual(spooled, []);
  const lines = readFileSync(join(folder, tracesIn(folder)[0]!), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  assert.equal(lines.length, 400);
  assert.equal(new Set(lines).size, 400);
});

test('the next process delivers what a process had to leave, and says nothing', async (t) => {
  const { folder, spool, env, first, mend } = await leaveEvents(t);
  assert.match(
    first.stderr,
    /^ostrace: 2 events wait in \S+ for the next traced process, or for ostrace flush: /m,
  );
  assert.equal(first.code, 0);
  assert.equal(readSpool(spool).length, 2);
  mend();
  const second = await run(t, '-e', {
    args: [
      `${work}
       const timer = setInterval(() => {}, 1000);
       process.once('SIGHUP', () => clearInterval(timer));
       console.log('ready');`,
    ],
    env,
    onReady: async (_line, child) => {
      await untilTraces(folder, 2);
      child.kill('SIGHUP');
    },
  });
  assert.equal(second.stderr, '');
  assert.equal(tracesIn(folder).length, 2);
  assert.deepEqual(readSpool(spool), []);
});

test('a process that stores all the time delivers what another leaves meanwhile, within seconds', async (t) => {
  const { place, folder, spool, env, mend } = await leaveEvents(t);
  mend();
  const left = join(place, 'left');
  renameSync(spool, left);
  const storing = [
    `const { profiler } = require('ostrace');
     profiler.init('key');
     let timer;
     const work = () => {
       profiler.trace('work', () => {});
       timer = setTimeout(work, 20);
     };
     work();
     process.once('SIGHUP', () => clearTimeout(timer));
     setTimeout(() => console.log('ready'), 200);`,
  ];
  await run(t, '-e', {
    args: storing,
    env,
    onReady: async (_line, child) => {
      await untilTraces(folder, 1);
      assert.equal(tracesIn(folder).length, 1);
      const leftAt = performance.now();
      for (const store of readdirSync(left)) {
        // The process may have a spool of its own there by now.
        mkdirSync(join(spool, store), { recursive: true });
        for (const file of readdirSync(join(left, store))) {
          renameSync(join(left, store, file), join(spool, store, file));
        }
      }
      await untilTraces(folder, 2);
      // Each process looks every ten seconds also when it has nothing to do.
      assert.ok(performance.now() - leftAt < 5000);
      child.kill('SIGHUP');
    },
  });
});

test('ostrace flush delivers it too, and says where it can not', async (t) => {
  const { folder, env, mend } = await leaveEvents(t);
  const flush = (): ReturnType<typeof run> => run(t, cli, { args: ['flush'], env, load: 'none' });
  const doctor = await run(t, cli, { args: ['doctor'], env, load: 'none' });
  assert.match(doctor.stdout, /^hint +spool +2 events wait in \S+; ostrace flush stores them$/m);
  const tooEarly = await flush();
  assert.equal(tooEarly.code, 1);
  assert.match(tooEarly.stderr, /^ostrace: cannot write /);
  assert.match(tooEarly.stdout, /: 0 events were stored; 2 events are still waiting$/m);
  mend();
  const inTime = await flush();
  assert.deepEqual([inTime.code, inTime.stderr], [0, '']);
  assert.match(inTime.stdout, /: 2 events were stored$/m);
  assert.equal(tracesIn(folder).length, 1);
  assert.match((await flush()).stdout, /: 0 events were stored$/m);
  assert.doesNotMatch((await run(t, cli, { args: ['doctor'], env, load: 'none' })).stdout, /spool/);
});

test('of several stores each gets all, and one that is down costs the others nothing', async (t) => {
  const { place, connection } = downStore(t);
  const [first, second] = ['one', 'two'].map((name) => `file://${join(place, name)}`);
  const env = { ...on, OSTRACE_CONNECTION_STRING: [first, connection, second].join(',') };
  const { code, spooled } = await run(t, '-e', { args: [work], env });
  assert.equal(code, 0);
  assert.equal(spooled.length, 2);
  const [one, two] = ['one', 'two'].map((name) =>
    tracesIn(join(place, name)).map((file) => readFileSync(join(place, name, file), 'utf8')),
  );
  assert.equal(one!.join('').trim().split('\n').length, 2);
  assert.deepEqual(one, two);
  const list = await run(t, cli, { args: ['trace', 'list', '--json'], env, load: 'none' });
  assert.equal((JSON.parse(list.stdout) as unknown[]).length, 1, list.stderr);
});

test('commands read the first store that can be read', async (t) => {
  const env = { OSTRACE_CONNECTION_STRING: `otlp://127.0.0.1:1,file://${join(scratch(t), 'traces')}` };
  const { stdout } = await run(t, cli, { args: ['trace', 'list'], env, load: 'none' });
  assert.match(stdout, /^there are no traces in file:/);
});

test('where the exporter`s thread is blocked, all is spooled, also of other threads, and said in true numbers', async (t) => {
  const { connectionString, release } = blockingStore(t);
  const code = `
    const { profiler } = require('ostrace');
    const { Worker } = require('node:worker_threads');
    profiler.init('key');
    profiler.trace('first', () => {});
    setTimeout(() => {
      const work = "for (let i = 0; i < 50; i++) require('ostrace').profiler.trace('work', () => {});";
      new Worker(work, { eval: true }).on('exit', () => console.log('ready'));
    }, 500);
  `;
  const { spooled, stderr } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_CONNECTION_STRING: connectionString, OSTRACE_EXIT_TIMEOUT: '300' },
    // Once what was spooled is seen to be there, the system's call may come back.
    async onReady(_line, child) {
      let said = '';
      for await (const text of child.stderr!) if ((said += String(text)).includes('ostrace flush')) break;
      release();
    },
  });
  // The first, the thread and its main, and what it did.
  const names = spooled.map(({ name }) => name.split('-')[0]);
  const count = (name: string): number => names.filter((each) => each === name).length;
  assert.deepEqual(['first', 'thread', 'thread_main', 'work'].map(count), [2, 2, 2, 100], stderr);
  assert.match(
    stderr,
    /^ostrace: 106 events wait in \S+ for the next traced process, or for ostrace flush: the exporter's thread is blocked\n$/,
  );
});

/** What another may put where the spool is to be, in the folder for temporary files. */
const obstacles: Readonly<Record<string, (spool: string, elsewhere: string) => void>> = {
  'a folder that others may enter': (spool) => {
    mkdirSync(spool);
    chmodSync(spool, 0o777);
  },
  "another's folder": (spool) => {
    mkdirSync(spool, { mode: 0o700 });
    if (process.getuid?.() === 0) chownSync(spool, 65_534, 65_534);
    else chmodSync(spool, 0o755);
  },
  'a link': (spool, elsewhere) => symlinkSync(elsewhere, spool),
  'a link to nowhere': (spool) => symlinkSync('/no/such/folder', spool),
  'a file': (spool) => writeFileSync(spool, ''),
  'a pipe': (spool) => void execFileSync('mkfifo', [spool]),
};

for (const [what, obstruct] of Object.entries(obstacles)) {
  test(`where ${what} has the spool's name, the spool has another one, which is found again`, async (t) => {
    const { place, folder, connection, mend } = downStore(t);
    const usual = `ostrace-spool-${process.getuid?.() ?? 'user'}`;
    const elsewhere = join(place, 'elsewhere');
    mkdirSync(elsewhere);
    obstruct(join(place, usual), elsewhere);
    // Another's, with a name that could be ours.
    mkdirSync(join(place, `${usual}-000000`));
    chmodSync(join(place, `${usual}-000000`), 0o777);
    const env = {
      ...on,
      OSTRACE_CONNECTION_STRING: connection,
      OSTRACE_SPOOL: undefined,
      TMPDIR: place,
    };
    for (let i = 0; i < 2; i++) {
      const { stderr } = await run(t, '-e', { args: [work], env });
      assert.match(stderr, /^ostrace: 2 events wait in /);
    }
    const [spool, ...others] = readdirSync(place).filter(
      (name) => name.startsWith(usual) && name !== usual && !name.endsWith('-000000'),
    );
    assert.deepEqual(others, [], 'one spool');
    assert.equal(statSync(join(place, spool!)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(elsewhere), []);
    assert.deepEqual(readdirSync(join(place, `${usual}-000000`)), []);
    mend();
    const { stdout } = await run(t, cli, { args: ['flush'], env, load: 'none' });
    assert.match(stdout, /: 4 events were stored$/m);
    assert.equal(tracesIn(folder).length, 2);
  });
}

test('the spool has its usual name where nothing is in the way, and is for the user alone', async (t) => {
  const { place } = await leaveEvents(t, (folder) => ({ OSTRACE_SPOOL: undefined, TMPDIR: folder }));
  const spool = join(place, `ostrace-spool-${process.getuid?.() ?? 'user'}`);
  assert.equal(statSync(spool).mode & 0o777, 0o700);
  for (const { name, parentPath } of readdirSync(spool, { recursive: true, withFileTypes: true })) {
    assert.equal(statSync(join(parentPath, name)).mode & 0o077, 0, name);
  }
});

/** What is put into a spool that others may write to, so that its readers do what they must not. */
const traps: Readonly<Record<string, (path: string, elsewhere: string) => void>> = {
  'a link': (path, elsewhere) => symlinkSync(elsewhere, path),
  'a link to a device without an end': (path) => symlinkSync('/dev/zero', path),
  'a pipe': (path) => void execFileSync('mkfifo', [path]),
  'a file of 100 GB': (path) => {
    writeFileSync(path, `${event(newId())}\n`);
    truncateSync(path, 100 * 2 ** 30);
  },
  'a line of 200 MB': (path) => writeFileSync(path, Buffer.alloc(200 * 2 ** 20, 'x')),
  'a million lines': (path) => writeFileSync(path, '{}\n'.repeat(1_000_000)),
};

for (const [what, put] of Object.entries(traps)) {
  test(`${what} in the spool costs its readers little and the others nothing`, async (t) => {
    const { place, folder, spool, env, mend } = await leaveEvents(t);
    mend();
    const elsewhere = join(place, 'elsewhere');
    writeFileSync(elsewhere, `${event(newId())}\n`);
    const [store] = readdirSync(spool);
    // The oldest is the first to be read.
    const path = join(spool, store!, '1000000000000.0123456789ab.4194304.elsewhere.jsonl');
    put(path, elsewhere);
    lutimesSync(path, 0, 0);
    const small = ['--max-old-space-size=200'];
    const doctor = await run(t, cli, { args: ['doctor'], env, load: 'none', nodeArgs: small });
    assert.match(doctor.stdout, /^hint +spool +\d+ events wait in /m);
    const { stdout, signal } = await run(t, cli, { args: ['flush'], env, load: 'none', nodeArgs: small });
    assert.equal(signal, null);
    assert.match(stdout, /: 2 events were stored/m);
    assert.equal(tracesIn(folder).length, 1);
    assert.ok(existsSync(elsewhere));
  });
}

const event = (base_id: string): string =>
  JSON.stringify({
    name: 'work-stop',
    base_id,
    trace_id: base_id,
    parent_id: base_id,
    info: {},
    project: '',
    service: '',
    timestamp: '2026-01-01T00:00:00.000000',
  });

/** What a process that is gone left behind in the only folder of a spool. */
function leaveBehind(spool: string, lines: readonly string[], created = Date.now()): string {
  const [store] = readdirSync(spool);
  const path = join(spool, store!, `${created}.0123456789ab.4194304.elsewhere.jsonl`);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  utimesSync(path, 0, 0);
  return path;
}

test('what others put into a spool that they may enter is neither read nor delivered', async (t) => {
  const { place, env, mend } = await leaveEvents(t, (folder) => ({
    OSTRACE_SPOOL: undefined,
    TMPDIR: folder,
  }));
  mend();
  const spool = join(place, `ostrace-spool-${process.getuid?.() ?? 'user'}`);
  const path = leaveBehind(spool, [event(newId())]);
  chmodSync(spool, 0o777);
  const { stdout } = await run(t, cli, { args: ['flush'], env, load: 'none' });
  assert.match(stdout, /: 0 events were stored$/m);
  assert.ok(existsSync(path));
  chmodSync(spool, 0o700);
  const { stdout: after } = await run(t, cli, { args: ['flush'], env, load: 'none' });
  assert.match(after, /: 3 events were stored$/m);
});

test('a line in the spool that no store takes costs the others nothing', async (t) => {
  const { spool, env, mend } = await leaveEvents(t);
  mend();
  leaveBehind(spool, ['{"base_id":"no id"}', event(newId())]);
  const { stdout, stderr, code } = await run(t, cli, { args: ['flush'], env, load: 'none' });
  assert.match(stdout, /: 3 events were stored$/m);
  assert.equal(stderr, 'ostrace: 1 event was lost: an event has no trace id\n');
  assert.equal(code, 0);
  assert.deepEqual(readSpool(spool), []);
});

test('what waits for its other half in memory is spooled where the store is down', async (t) => {
  const { spool, env } = await leaveEvents(t, () => ({ OSTRACE_CONNECTION_STRING: 'otlp://127.0.0.1:1' }));
  const started = event(newId()).replace('-stop', '-start');
  leaveBehind(spool, [started], 1_000_000_000_000);
  const before = readSpool(spool).length;
  assert.equal(before, 3);
  const { stdout, code } = await run(t, cli, { args: ['flush'], env, load: 'none' });
  assert.equal(code, 1);
  assert.match(stdout, /: 0 events were stored; 3 events are still waiting$/m);
  assert.equal(readSpool(spool).length, 3);
});

test('what is no file in the spool disturbs nobody', async (t) => {
  const { spool, env, mend } = await leaveEvents(t);
  mend();
  const path = leaveBehind(spool, []);
  rmSync(path);
  mkdirSync(path);
  utimesSync(path, 0, 0);
  const doctor = await run(t, cli, { args: ['doctor'], env, load: 'none' });
  assert.match(doctor.stdout, /^hint +spool +2 events wait in \S+; ostrace flush stores them$/m);
  const { stdout, stderr } = await run(t, cli, { args: ['flush'], env, load: 'none' });
  assert.match(stdout, /: 2 events were stored$/m);
  assert.equal(stderr, '');
});

test('a spool whose folder was removed is made again', async (t) => {
  const { place, connection } = downStore(t);
  const spool = join(place, 'spool');
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('key');
    const timer = setInterval(() => {}, 1000);
    process.once('SIGHUP', () => {
      profiler.trace('first', () => {});
      process.once('SIGHUP', () => { profiler.trace('second', () => {}); clearInterval(timer); });
    });
    console.log('ready');
  `;
  const { stderr } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_CONNECTION_STRING: connection, OSTRACE_SPOOL: spool },
    onReady: async (_line, child) => {
      await spoolBySignal(child);
      assert.equal(readSpool(spool).length, 2);
      rmSync(spool, { recursive: true });
      child.kill('SIGHUP');
    },
  });
  assert.match(stderr, /^ostrace: 2 events were lost: a file of the spool is gone or damaged$/m);
  assert.match(stderr, /^ostrace: 2 events wait in /m);
  assert.ok(readSpool(spool).some(({ name }) => name === 'second-stop'));
});

test('several processes share the bound of the spool', async (t) => {
  const { place, connection } = downStore(t);
  const spool = join(place, 'spool');
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('key');
    const text = 'x'.repeat(1000);
    const timer = setInterval(() => {}, 1000);
    process.once('SIGHUP', () => {
      profiler.trace('first', () => {});
      process.once('SIGHUP', () => {
        for (let i = 0; i < 500; i++) profiler.trace('work', { text }, () => {});
        clearInterval(timer);
      });
    });
    console.log('ready');
  `;
  const env = {
    ...on,
    OSTRACE_CONNECTION_STRING: connection,
    OSTRACE_SPOOL: spool,
    OSTRACE_SPOOL_SIZE: '1mb',
  };
  const one = (onReady: (child: ChildProcess) => Promise<void>): Promise<unknown> =>
    run(t, '-e', { args: [code], env, onReady: (_line, child) => onReady(child) });
  // The second looks at the spool while it is nearly empty, and writes after the first has filled it.
  await one(async (child) => {
    await spoolBySignal(child);
    await one(async (second) => {
      await spoolBySignal(second);
      assert.equal(readSpool(spool).length, 4);
      const ended = once(child, 'exit');
      child.kill('SIGHUP');
      await ended;
      second.kill('SIGHUP');
    });
  });
  const bytes = sizeOfFiles(spool);
  assert.ok(bytes > 500_000 && bytes <= 1_048_576, `${bytes} bytes are spooled`);
});

function sizeOfFiles(spool: string): number {
  const files = readdirSync(spool, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

test('what fits neither into the store nor into the spool is counted', async (t) => {
  const { connection } = downStore(t);
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('key');
    const text = 'x'.repeat(1000);
    let turns = 0;
    const turn = () => {
      for (let i = 0; i < 500; i++) profiler.trace('work', { text }, () => {});
      if (++turns < 40) setTimeout(turn, 5);
    };
    setTimeout(turn, 5);
  `;
  const { stderr, spooled } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_CONNECTION_STRING: connection, OSTRACE_SPOOL_SIZE: '1mb' },
  });
  assert.ok(spooled.length > 500, `${spooled.length} events were spooled`);
  assert.match(stderr, /events were lost: cannot write \S+: .*; the spool in \S+ is full$/m);
  assert.equal(spooled.length + lostIn(stderr), 40_000, stderr);
});

function lostIn(stderr: string): number {
  const counts = [...stderr.matchAll(/^ostrace: (\d+) events? (?:was|were) lost: /gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

test(
  'while a store hangs, the application runs on in bounded memory, and ends as it would',
  { timeout: 60_000 },
  async (t) => {
    const { connectionString, release } = blockingStore(t);
    const base_id = newId();
    const { info, hmac } = signIds(base_id, base_id, key);
    const code = `
    const { profiler } = require('ostrace');
    const size = () => {
      gc();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + external + arrayBuffers;
    };
    profiler.trace('first', () => {});
    let turns = 0;
    let before;
    setImmediate(function turn() {
      for (let i = 0; i < 1000; i++) profiler.trace('work', { text: 'x'.repeat(200) }, () => {});
      turns++;
      if (turns === 50) before = size();
      if (turns < 200) return setImmediate(turn);
      console.log(JSON.stringify(size() - before));
      process.exitCode = 3;
    });
  `;
    const { stdout, code: exit } = await run(t, '-e', {
      nodeArgs: ['--expose-gc'],
      args: [code],
      env: {
        ...on,
        OSTRACE_TRACE_INFO: info,
        OSTRACE_TRACE_HMAC: hmac,
        OSTRACE_CONNECTION_STRING: connectionString,
      },
      // By now all has happened; the end of the process waits for the system's call.
      onReady: release,
    });
    assert.equal(exit, 3);
    // What would be queued is 75 MB.
    assert.ok(Number(stdout) < 5_000_000, `${stdout} bytes more in use`);
  },
);

for (const [how, options] of Object.entries({
  '--import': { load: 'import' },
  '--require': { load: 'require' },
  NODE_OPTIONS: { load: 'none', env: { NODE_OPTIONS: `--require "${preload}"` } },
} as const)) {
  test(`${how}: storing traces is no part of a trace, and calls nothing that the application replaced`, async (t) => {
    const code = `
      const { profiler } = require('ostrace');
      const fs = require('node:fs');
      for (const name of ['openSync', 'writeSync', 'closeSync', 'mkdirSync', 'appendFileSync']) {
        fs[name] = () => { throw new Error('the exporter called ' + name); };
      }
      // The exporter's thread starts with the first event, by now in an instrumented process.
      profiler.init('key');
      profiler.trace('work', () => {});
      setTimeout(() => profiler.trace('more', () => {}), 300);
    `;
    const env = { ...on, ...('env' in options ? options.env : {}) };
    const { events, stderr, files } = await run(t, '-e', { ...options, args: [code], env });
    assert.equal(stderr, '');
    assert.equal(shape(treeOf(events)), 'work more');
    assert.equal(files.length, 1);
  });
}
