// Points by name in traces: hundreds of requests at once, channels, and what `ostrace doctor` says.
// needs: agent
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { examine } from './fixtures/doctor.js';
import { agentFolder, key, on, preload, run, shape, signedHeaders, treeOf } from './scenario.js';

const server = `
  const http = require('node:http');
  const { setTimeout: later } = require('node:timers/promises');
  const { createPool } = require('./lib.cjs');
  const pool = createPool();
  const server = http.createServer(async (request, response) => {
    if (request.url === '/end') return response.end(() => { server.close(); server.closeAllConnections(); });
    const id = request.url.slice(1);
    const parts = [];
    for await (const part of pool.parts(id)) parts.push(part);
    pool.get(id, (error, value) => response.end(parts.join() + value));
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

// A pool of one: all answers come from the same queue.
const lib = `
  const waiting = [];
  setInterval(() => { for (const tell of waiting.splice(0)) tell(); }, 2).unref();
  const turn = () => new Promise((resolve) => waiting.push(resolve));
  class Pool {
    async *parts(id) { for (const n of [1, 2]) { await this.one(id + n); yield n; } }
    async one(id) { await turn(); return id; }
    get(id, done) { waiting.push(() => done(null, id)); }
  }
  exports.createPool = () => new Pool();`;

test('hundreds of traced and untraced requests at once: each has its own calls, and nothing else', async (t) => {
  const point = { module: './lib.cjs', point: 'call', args: ['[0]'] };
  const cwd = folderOf(t, {
    'lib.cjs': lib,
    'app.cjs': server,
    'ostrace.config.json': JSON.stringify({
      points: [
        { ...point, export: 'createPool().get', callback: true },
        { ...point, export: 'createPool().*' },
      ],
    }),
  });
  const asked = new Map<string, string>();
  const { events } = await run(t, 'app.cjs', {
    cwd,
    env: on,
    onReady: async (port) => {
      const ask = async (id: string, headers: Record<string, string>): Promise<void> => {
        const answer = await (await fetch(`http://127.0.0.1:${port}/${id}`, { headers })).text();
        assert.equal(answer, `1,2${id}`);
      };
      const all = Array.from({ length: 300 }, async (_, i) => {
        const { base_id, headers } = signedHeaders();
        asked.set(base_id, `s${i}`);
        await Promise.all([ask(`s${i}`, headers), ask(`u${i}`, {})]);
      });
      await Promise.all(all);
      await fetch(`http://127.0.0.1:${port}/end`, { headers: { connection: 'close' } });
    },
  });
  assert.deepEqual(new Set(events.map(({ base_id }) => base_id)), new Set(asked.keys()));
  for (const [base_id, id] of asked) {
    const tree = treeOf(events, base_id);
    assert.equal(shape(tree), 'wsgi(call(call call) call)');
    const said = events.filter((event) => event.base_id === base_id && event.name === 'call-start');
    const args = said.map(({ info }) => (info['function'] as { readonly args: string }).args);
    assert.deepEqual(
      args,
      [id, `${id}1`, `${id}2`, id].map((each) => `{ '[0]': '${each}' }`),
    );
  }
});

const shared = `
  const http = require('node:http');
  const { later, feed } = require('./lib.cjs');
  let one, open;
  const server = http.createServer(async (request, response) => {
    const id = request.url.slice(1);
    if (id === 'end') return response.end(() => { server.close(); server.closeAllConnections(); });
    one ??= feed();
    const { value } = await one.next(id);
    await later(id);
    // The first request, which has the generator's point, outlasts the others.
    if (id.startsWith('first')) await new Promise((resolve) => (open = resolve));
    response.end(String(value));
    if (id.startsWith('last')) open();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

for (const [kind, generator] of Object.entries({
  'an asynchronous generator':
    'exports.feed = async function* () { let id = "begin"; for (;;) { await exports.later(id); id = yield id; } };',
  'a generator':
    'exports.feed = function* () { let id = "begin"; for (;;) { exports.later(id); id = yield id; } };',
})) {
  test(`${kind} that several requests share does the work of each in its own trace, or in none`, async (t) => {
    const cwd = folderOf(t, {
      'lib.cjs': `exports.later = async (id) => id;\n${generator}`,
      'app.cjs': shared,
      'ostrace.config.json': JSON.stringify({
        points: [{ module: './lib.cjs', export: '*', point: 'call', args: ['[0]'] }],
      }),
    });
    const owners = new Map<string, string>();
    const { events } = await run(t, 'app.cjs', {
      cwd,
      env: on,
      onReady: async (port) => {
        const ask = async (id: string, headers: Record<string, string> = {}): Promise<unknown> =>
          (await fetch(`http://127.0.0.1:${port}/${id}`, { headers })).text();
        const traced = async (id: string): Promise<unknown> => {
          const { base_id, headers } = signedHeaders();
          owners.set(base_id, id);
          return ask(id, headers);
        };
        const first = traced('first');
        // An answer to a request that came later says that the first one is waiting.
        await ask('u0');
        for (const each of ['s1', 's2', 's3']) {
          await traced(each);
          await ask(`u${each}`);
        }
        await traced('last');
        await first;
        await ask('end', { connection: 'close' });
      },
    });
    assert.deepEqual(new Set(events.map(({ base_id }) => base_id)), new Set(owners.keys()));
    let steps = 0;
    for (const { base_id, name, info } of events) {
      const { args } = (info['function'] ?? {}) as { readonly args?: string };
      if (name !== 'call-start' || args === undefined || args === '{}') continue;
      const id = /'([^']*)' \}$/.exec(args)?.[1];
      assert.equal(id === 'begin' ? 'first' : id, owners.get(base_id));
      steps++;
    }
    assert.ok(steps >= 2 * owners.size - 1, String(steps));
  });
}

test('an iterator that is left lying about, and a promise that nobody looks at, keep no trace live', async (t) => {
  const cwd = folderOf(t, {
    'lib.cjs': `
      exports.numbers = function* () { yield 1; yield 2; };
      exports.pages = async function* () { yield 1; };
      exports.soon = async () => 1;`,
    'app.cjs': `
      const { current } = require(${JSON.stringify(join(agentFolder, 'dist/agent.js'))});
      const { numbers, pages, soon } = require('./lib.cjs');
      const { trace } = current();
      const before = trace.holds;
      numbers().next();
      pages();
      soon();
      const whole = [...numbers()];
      console.log(trace.holds - before);
      soon().then(() => pages().next()).then(() => console.log(trace.holds - before));`,
    'ostrace.config.json': JSON.stringify({ points: [{ module: './lib.cjs', export: '*', point: 'call' }] }),
  });
  const { stdout, events } = await run(t, 'app.cjs', { cwd, env: { ...on, OSTRACE_PROFILE: key } });
  assert.equal(stdout, '0\n0\n');
  assert.equal(shape(treeOf(events)), 'process(call! call! call! call call call!)');
});

const published = `
  const { tracingChannel } = require('node:diagnostics_channel');
  const { execute } = { execute: tracingChannel('shop:execute') };
  const call = (message, fn) => execute.tracePromise(fn, message);
  (async () => {
    console.log(await call({ operation: { name: 'list' }, password: 'P' }, async () => 'listed'));
    await call({ operation: { name: 'fail' } }, async () => { throw new RangeError('not so many'); }).catch(({ message }) => console.log(message));
    console.log(execute.traceSync((n) => n + 1, { operation: { name: 'sync' } }, undefined, 1));
  })();`;

test('the calls of a channel that is named are points', async (t) => {
  const entry = {
    channel: 'shop:execute',
    point: 'graphql',
    args: ['operation.name', 'password'],
    result: true,
  };
  const cwd = folderOf(t, {
    'app.cjs': published,
    'ostrace.config.json': JSON.stringify({ channels: [entry] }),
  });
  const bare = await run(t, 'app.cjs', { cwd, load: 'none' });
  const { stdout, stderr, events } = await run(t, 'app.cjs', { cwd, env: { ...on, OSTRACE_PROFILE: key } });
  assert.deepEqual([stdout, stderr], [bare.stdout, '']);
  assert.equal(shape(treeOf(events)), 'process(graphql graphql graphql)');
  const said = events.flatMap(({ name, info }) =>
    name.startsWith('graphql') ? [info['function'] ?? [info['etype'], info['message']]] : [],
  );
  const start = (args: string): object => ({ name: 'shop:execute', args, kwargs: '{}' });
  assert.deepEqual(said, [
    start(`{ 'operation.name': 'list', password: '***' }`),
    { result: `'listed'` },
    start(`{ 'operation.name': 'fail' }`),
    ['RangeError', 'not so many'],
    start(`{ 'operation.name': 'sync' }`),
    { result: '2' },
  ]);
});

test('`ostrace doctor` says what matched, what was left alone and why, and what matches nothing', async (t) => {
  const cwd = folderOf(t, {
    'lib.cjs': 'exports.Client = class Client { get() {} get size() { return 1; } _own() {} };',
    'app.cjs': `require('./lib.cjs');`,
    'ostrace.config.json': JSON.stringify({
      points: [
        { module: './lib.cjs', export: 'Client.prototype.*', point: 'client' },
        { module: './lib.cjs', export: 'Other.*', point: 'client' },
        { module: 7, export: 'a', point: 'b' },
      ],
    }),
  });
  const { checks } = await examine(
    t,
    { env: on, cwd },
    '--',
    process.execPath,
    '--require',
    preload,
    'app.cjs',
  );
  const said = checks.filter(({ name }) => name === 'points');
  assert.deepEqual(
    said.map(({ status, says }) => [status, says.replaceAll(/\/\S*\//g, '')]),
    [
      [
        'hint',
        'ostrace.config.json: points[2].module is 7; expected a package, a path or a pattern, such as "billing-sdk" or "./lib/drivers/*.js"; this entry is left out',
      ].map((each) => each.replaceAll(/\/\S*\//g, '')),
      ['ok', 'Client.get (lib.cjs)'],
      ['hint', 'Client.size is left alone: a getter (points[0])'],
      ['hint', 'Client._own is left alone: private, by its name (points[0])'],
      ['hint', 'ostrace.config.json: points[1] matches nothing: lib.cjs has no Other.*'],
    ],
  );
});
