// Each event that is made is stored, waits in the spool, or is said to be lost: on every way out, whatever happens to
// the exporter's thread.
// needs: agent
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';

import { blockingStore } from './fixtures/blocking.js';
import { type Run, type RunOptions, on as enabled, preload, run, signedHeaders } from './scenario.js';

/** Each event is counted, and nobody knows how often V8 collects garbage. */
const on = { ...enabled, OSTRACE_TRACE_GC: 'false' };

/** Says how many events it makes, and makes them. */
const prelude = `
  const { profiler } = require('ostrace');
  const { Worker } = require('node:worker_threads');
  profiler.init('key');
  let count = 0;
  const make = (points, info) => {
    for (let i = 0; i < points; i++) profiler.trace('work', { i, ...info }, () => {});
    count += 2 * points;
  };
  const say = () => console.log('made ' + count);
`;

interface Sums {
  readonly made: number;
  readonly stored: number;
  readonly spooled: number;
  readonly lost: number;
}

/** What became of the events; of one that is in the store and in the spool, once. */
function sums({ stdout, stderr, events, spooled }: Run): Sums {
  const made = [...stdout.matchAll(/^made (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  const lost = [...stderr.matchAll(/^ostrace: (\d+) events? (?:was|were) lost: /gm)];
  const idsOf = (some: typeof events): string[] => some.map(({ name, trace_id }) => name + trace_id);
  const stored = new Set(idsOf(events));
  const waiting = new Set(idsOf(spooled).filter((id) => !stored.has(id)));
  return {
    made,
    stored: stored.size,
    spooled: waiting.size,
    lost: lost.reduce((sum, [, count]) => sum + Number(count), 0),
  };
}

function assertBalanced(ended: Run): Sums {
  const all = sums(ended);
  assert.ok(all.made > 0, ended.stderr);
  assert.equal(all.stored + all.spooled + all.lost, all.made, `${JSON.stringify(all)}\n${ended.stderr}`);
  return all;
}

const runs = (t: TestContext, code: string, options: RunOptions = {}): Promise<Run> =>
  run(t, '-e', { ...options, args: [prelude + code], env: { ...on, ...options.env } });

/** Until the program has said something on its stderr, or has nothing more to say. */
async function saidOf(child: ChildProcess, words: string): Promise<void> {
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr!.on('data', (text) => (said += String(text)).includes(words) && resolve());
    child.stderr!.on('end', resolve);
  });
}

const kill: RunOptions['onReady'] = (_line, child) => void child.kill('SIGTERM');

/** How an application ends, after it has said how many events it made. */
const ways: Readonly<Record<string, { readonly code: string; readonly onReady?: RunOptions['onReady'] }>> = {
  'natural end': { code: 'say(); clearInterval(alive);' },
  'process.exit': { code: 'say(); process.exit(3);' },
  'an uncaught exception': { code: "say(); throw new Error('expected');" },
  SIGTERM: { code: 'say();', onReady: kill },
  'SIGTERM, handled': {
    code: "process.on('SIGTERM', () => { make(10); say(); process.exit(4); });",
    onReady: kill,
  },
  'SIGTERM, raised again': {
    code: "process.once('SIGTERM', () => process.kill(process.pid, 'SIGTERM')); say();",
    onReady: kill,
  },
};

for (const [way, { code, onReady }] of Object.entries(ways)) {
  test(`${way}, while the exporter's thread is blocked`, async (t) => {
    const { connectionString, release } = blockingStore(t);
    const isHandled = way === 'SIGTERM, handled';
    const ended = await runs(
      t,
      `const alive = setInterval(() => {}, 1000);
       make(1);
       setTimeout(() => {
         make(100);
         ${code}
         ${isHandled ? "console.log('ready');" : ''}
       }, 500);`,
      {
        env: { OSTRACE_CONNECTION_STRING: connectionString, OSTRACE_EXIT_TIMEOUT: '200' },
        async onReady(line, child, ...others) {
          await onReady?.(line, child, ...others);
          // The process can't end before the system's call comes back.
          await saidOf(child, 'ostrace flush');
          release();
        },
      },
    );
    const { spooled, made } = assertBalanced(ended);
    assert.equal(spooled, made, ended.stderr);
    assert.match(
      ended.stderr,
      /^ostrace: \d+ events wait in .*, or for ostrace flush: the exporter's thread is blocked$/m,
    );
  });

  test(`${way}, in a quiet moment long after the trace, while the exporter's thread is blocked`, async (t) => {
    const { connectionString, release } = blockingStore(t);
    const served = `
      const server = http.createServer((_request, response) => { make(10); count += 2; response.end(); });
      server.listen(0, () => {
        const ask = () => http.get({ port: server.address().port, agent: false, headers }, (r) => r.resume());
        ask();
        setTimeout(ask, 400);
      });
      setTimeout(() => {
        server.close();
        const alive = setInterval(() => {}, 1000);
        ${code}
        ${way === 'SIGTERM, handled' ? "console.log('ready');" : ''}
      }, 2500);`;
    const ended = await run(t, '-e', {
      args: [
        `const http = require('node:http');
         const headers = ${JSON.stringify(signedHeaders().headers)};
         ${prelude.replace("profiler.init('key');", '')}
         ${served.replace('make(10); say();', 'say();')}`,
      ],
      env: { ...on, OSTRACE_CONNECTION_STRING: connectionString, OSTRACE_EXIT_TIMEOUT: '200' },
      async onReady(line, child, ...others) {
        await onReady?.(line, child, ...others);
        await saidOf(child, 'ostrace flush');
        release();
      },
    });
    const { spooled, made } = assertBalanced(ended);
    assert.deepEqual([spooled, made], [44, 44]);
  });
}

test('more than a ring holds, at once, and the process ends while the exporter’s thread is busy', async (t) => {
  const ended = await runs(t, 'make(1); setTimeout(() => { make(170_000); say(); process.exit(); }, 300);', {
    env: { OSTRACE_EXIT_TIMEOUT: '20' },
  });
  const { lost } = assertBalanced(ended);
  assert.ok(lost > 0, 'nothing was lost: the test shows nothing');
});

test('more than a ring holds, while the exporter’s thread is blocked', async (t) => {
  const { connectionString, release } = blockingStore(t);
  const ended = await runs(t, 'make(1); setTimeout(() => { make(100_000); say(); process.exit(); }, 300);', {
    env: { OSTRACE_CONNECTION_STRING: connectionString, OSTRACE_EXIT_TIMEOUT: '100' },
    async onReady(_line, child) {
      await saidOf(child, 'ostrace flush');
      release();
    },
  });
  const { lost, spooled } = assertBalanced(ended);
  assert.ok(lost > 0 && spooled > 0, JSON.stringify({ lost, spooled }));
});

test('what the spool has no room for is counted, while the exporter’s thread is blocked', async (t) => {
  const { connectionString, release } = blockingStore(t);
  const ended = await runs(t, 'make(1); setTimeout(() => { make(20_000); say(); process.exit(); }, 300);', {
    env: {
      OSTRACE_CONNECTION_STRING: connectionString,
      OSTRACE_EXIT_TIMEOUT: '100',
      OSTRACE_SPOOL_SIZE: '1mb',
    },
    async onReady(_line, child) {
      await saidOf(child, 'ostrace flush');
      release();
    },
  });
  assert.match(
    ended.stderr,
    /events were lost: the exporter's thread is blocked; the spool in \S+ is full$/m,
  );
  const { lost, spooled } = assertBalanced(ended);
  assert.ok(lost > 0 && spooled > 0, JSON.stringify({ lost, spooled }));
});

test('threads of the application that are terminated, or run on while it ends', async (t) => {
  const work = `"
    const { profiler } = require('ostrace');
    const { parentPort, threadId } = require('node:worker_threads');
    for (let i = 0; i < 500; i++) profiler.trace('work', () => {});
    parentPort.postMessage(1000);
    if (threadId % 2) setInterval(() => {}, 1000);
  "`.replaceAll('\n', ' ');
  const ended = await runs(
    t,
    `let left = 4;
     profiler.trace('all', () => {
       for (let i = 0; i < 4; i++) {
         const worker = new Worker(${work}, { eval: true });
         worker.on('message', (events) => {
           count += events;
           if (i < 2) void worker.terminate();
           if (--left === 0) { say(); process.exit(); }
         });
       }
     });`,
  );
  const names = ended.events.filter(({ name }) => name.startsWith('work-'));
  assert.equal(names.length, 4000, ended.stderr);
});

/** Talks nonsense to the first who connects, and to nobody after that. */
async function nonsense(t: TestContext): Promise<{ port: number; connected: Promise<unknown> }> {
  let seen = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    // PostgreSQL's answer to a start: of a type whose length is missing.
    if (seen++ === 0) socket.once('data', () => socket.write(Buffer.from('520000000400', 'hex')));
    else socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, connected: once(server, 'connection') };
}

test('the exporter’s thread ends by what a store answers: it is started again, and nothing is lost', async (t) => {
  const { port } = await nonsense(t);
  const ended = await runs(
    t,
    `make(100);
     const alive = setInterval(() => {}, 1000);
     process.on('SIGUSR2', () => {
       make(100);
       setTimeout(() => { make(100); say(); clearInterval(alive); }, 300);
     });
     console.log('ready');`,
    {
      env: { OSTRACE_CONNECTION_STRING: `postgresql://postgres@127.0.0.1:${port}/none` },
      async onReady(_line, child) {
        await saidOf(child, 'is started again');
        child.kill('SIGUSR2');
      },
    },
  );
  const { spooled, made } = assertBalanced(ended);
  assert.equal(spooled, made);
  assert.match(ended.stderr, /^ostrace: the exporter's thread ended, and is started again: .+$/m);
});

/** What somebody else does to the files of the spool, and how many of 200 events are lost with that. */
const damages: Readonly<Record<string, { readonly code: string; readonly lost: number }>> = {
  'all is removed': { code: 'fs.rmSync(process.env.OSTRACE_SPOOL, { recursive: true });', lost: 200 },
  'a file is removed': { code: 'fs.rmSync(file);', lost: 200 },
  'a file is emptied': { code: 'fs.truncateSync(file);', lost: 200 },
  // The last line loses its end.
  'a file is cut': { code: 'fs.truncateSync(file, fs.statSync(file).size - 10);', lost: 1 },
  'a file is made a link': { code: "fs.rmSync(file); fs.symlinkSync('/dev/null', file);", lost: 200 },
  'a file is another process’s now': {
    code: "fs.renameSync(file, file.replace(/[.][0-9a-f]{12}[.][0-9]+[.]/, '.0123456789ab.1.'));",
    lost: 0,
  },
};

for (const [damage, { code, lost }] of Object.entries(damages)) {
  for (const after of [0, 4000]) {
    test(`${damage} in the spool, ${after} ms before the end: what is lost is counted`, async (t) => {
      const ended = await runs(
        t,
        `const fs = require('node:fs');
         const { join } = require('node:path');
         const lines = (file) => fs.readFileSync(file, 'utf8').split('\\n').length - 1;
         const below = (folder) => fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => join(folder, name)) : [];
         make(100);
         const look = setInterval(() => {
           const file = below(process.env.OSTRACE_SPOOL).flatMap(below).find((name) => name.endsWith('.jsonl'));
           if (file === undefined || lines(file) < 200) return;
           clearInterval(look);
           ${code}
           setTimeout(() => { say(); process.exit(); }, ${after});
         }, 50);`,
        { env: { OSTRACE_CONNECTION_STRING: 'redis://127.0.0.1:1', OSTRACE_EXIT_TIMEOUT: '1000' } },
      );
      const all = sums(ended);
      assert.deepEqual([all.made, all.lost], [200, lost], ended.stderr);
      // What another process has taken is that one's to bring; it is there, all the same.
      assert.equal(all.spooled, 200 - lost, ended.stderr);
      const said = /^ostrace: (\d+) events wait in /m.exec(ended.stderr.split('\n').at(-2) ?? '');
      if (lost > 0) assert.equal(Number(said?.[1] ?? 0), 200 - lost, ended.stderr);
    });
  }
}

/** Runs under a limit of descriptors: Node takes as many as the system lets it. */
const launcher = (code: string): string[] => [
  `const { status } = require('node:child_process').spawnSync(
     'sh',
     ['-c', 'ulimit -n 60; exec "$@"', 'sh', process.execPath, '--require', ${JSON.stringify(preload)}, '-e', ${JSON.stringify(code)}],
     { stdio: 'inherit' },
   );
   process.exitCode = status;`,
];

for (const spare of [0, 1, 2, 4, 8]) {
  test(`no descriptors at the first trace, but for ${spare}: what follows is traced, and what is lost is counted`, async (t) => {
    const code = `
      const fs = require('node:fs');
      require('ostrace');
      const taken = [];
      try { for (;;) taken.push(fs.openSync('/dev/null')); } catch {}
      for (let i = 0; i < ${spare}; i++) fs.closeSync(taken.pop());
      ${prelude}
      make(100);
      setTimeout(() => make(100), 300);
      setTimeout(() => {
        for (const each of taken) fs.closeSync(each);
      }, 700);
      setTimeout(() => make(100), 3500);
      setTimeout(say, 4000);
    `;
    const ended = await run(t, '-e', { args: launcher(code), env: on, load: 'none' });
    const { stored } = assertBalanced(ended);
    assert.equal(ended.code, 0, ended.stderr);
    // The event in which it is tried again, a second later, is one of those that are lost.
    assert.ok(stored > 150, `${stored} were stored: ${ended.stderr}`);
  });
}

for (const spare of [0, 1, 3]) {
  test(`no descriptors at the first trace, but for ${spare}: a trace that goes on has the hooks as soon as there are some`, async (t) => {
    const code = `
      const fs = require('node:fs');
      const http = require('node:http');
      const { profiler } = require('ostrace');
      const server = http.createServer((_request, response) => response.end());
      server.listen(0, () => {
        const taken = [];
        try { for (;;) taken.push(fs.openSync('/dev/null')); } catch {}
        for (let i = 0; i < ${spare}; i++) fs.closeSync(taken.pop());
        profiler.init('key');
        profiler.trace('first', {}, () => {});
        for (const each of taken) fs.closeSync(each);
        setTimeout(() => {
          http.get({ port: server.address().port }, (response) => {
            response.resume().on('end', () => server.close());
          });
        }, 2500);
      });
    `;
    const ended = await run(t, '-e', { args: launcher(code), env: on, load: 'none' });
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok(!ended.stderr.includes('switched off'), ended.stderr);
    assert.ok(
      ended.events.some(({ name }) => name === 'http-start'),
      ended.stderr,
    );
  });
}
