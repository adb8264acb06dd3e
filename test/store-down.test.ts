import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { newId } from '../src/trace/ids.js';
import { signIds } from '../src/trace/signing.js';
import { key, on, preload, run, scratch, shape, treeOf } from './scenario.js';

test('a store that comes back gets what happens then; what was lost meanwhile is counted', async (t) => {
  const folder = join(scratch(t), 'traces');
  writeFileSync(folder, 'a file where the folder is to be');
  const code = `
    const { profiler } = require('ostrace');
    const trace = (name) => profiler.trace(name, () => {});
    profiler.init('key');
    const names = ['lost', 'stored'];
    process.on('SIGHUP', () => {
      const name = names.shift();
      for (let i = 0; i < 100; i++) trace(name);
      if (names.length === 0) clearInterval(timer);
    });
    const timer = setInterval(() => {}, 1000);
    console.log('ready');
  `;
  const { stderr, code: exit } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_CONNECTION_STRING: `file://${folder}` },
    onReady: async (_line, child) => {
      const told = once(child.stderr!, 'data');
      child.kill('SIGHUP');
      await told;
      rmSync(folder);
      child.kill('SIGHUP');
    },
  });
  assert.equal(exit, 0);
  assert.equal(lostIn(stderr), 200, stderr);
  const lines = readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  assert.equal(lines.length, 200);
  assert.ok(lines.every((line) => line.startsWith('{"name":"stored-')));
});

test('events that are lost later are counted too, also where they are as many as before', async (t) => {
  const folder = join(scratch(t), 'traces');
  writeFileSync(folder, 'a file where the folder is to be');
  const code = `
    const { profiler } = require('ostrace');
    const lose = () => { for (let i = 0; i < 100; i++) profiler.trace('lost', () => {}); };
    profiler.init('key');
    let times = 0;
    const timer = setInterval(() => {}, 1000);
    process.on('SIGHUP', () => {
      lose();
      if (++times === 2) clearInterval(timer);
    });
    console.log('ready');
  `;
  const { stderr, code: exit } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_CONNECTION_STRING: `file://${folder}` },
    async onReady(_line, child) {
      const told = once(child.stderr!, 'data');
      child.kill('SIGHUP');
      await told;
      child.kill('SIGHUP');
    },
  });
  assert.equal(exit, 0);
  assert.equal(lostIn(stderr), 400, stderr);
});

function lostIn(stderr: string): number {
  const counts = [...stderr.matchAll(/^ostrace: (\d+) events were lost: cannot write /gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

test(
  'while a store hangs, the application runs on in bounded memory, and ends as it would',
  { timeout: 60_000 },
  async (t) => {
    const folder = join(scratch(t), 'traces');
    mkdirSync(folder);
    const base_id = newId();
    // Whoever writes into it waits for a reader.
    const pipe = join(folder, `${base_id}.jsonl`);
    execFileSync('mkfifo', [pipe]);
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
        OSTRACE_CONNECTION_STRING: `file://${folder}`,
      },
      // By now all has happened; until somebody reads, the end of the process waits for the system's call.
      onReady() {
        const reader = spawn('sh', ['-c', 'exec cat <> "$1" > /dev/null', 'sh', pipe]);
        t.after(() => reader.kill());
      },
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
