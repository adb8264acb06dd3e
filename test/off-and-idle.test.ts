// Off, the agent is not there; on with nothing to trace, it costs nothing.
// needs: agent postgresql
import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { test } from 'node:test';

import { patiently } from './fixtures/patiently.js';
import { key, modulePreload, on, preload, run, scenario, signedHeaders, treeOf } from './scenario.js';

interface State {
  loaded: string[];
  dependencies: string[];
  originals: Record<string, boolean>;
  listeners: string[];
  globals: string[];
}

test('off, the form of the preload’s argument that threads are given loads no more', async (t) => {
  const file = scenario('report-state.cjs');
  const { stdout } = await run(t, file, { load: 'none', nodeArgs: [`--require=${preload}`] });
  assert.deepEqual((JSON.parse(stdout) as State).loaded, ['register.js']);
});

for (const load of ['import', 'require'] as const) {
  for (const value of [undefined, '', 'false', '0', 'No', 'off']) {
    test(`--${load}, OSTRACE_ENABLED=${value}: the preload is all that is loaded, nothing is patched`, async (t) => {
      const file = scenario('report-state.cjs');
      const env = { OSTRACE_ENABLED: value, OSTRACE_HMAC_KEYS: key, OSTRACE_TYPO: '1' };
      const { stdout, stderr, files } = await run(t, file, { load, env });
      const state = JSON.parse(stdout) as State;
      // Node itself listens for `exit` where there is any `--import`.
      const nodeArgs = load === 'import' ? ['--import', 'data:text/javascript,'] : [];
      const bare = JSON.parse((await run(t, file, { load: 'none', nodeArgs })).stdout) as State;
      // An ES module is not in `require.cache`, where all else would be.
      const loaded = load === 'import' ? [] : ['register.js'];
      assert.deepEqual(state, { ...bare, loaded });
      assert.ok(
        Object.values(state.originals).every((isOriginal) => isOriginal),
        JSON.stringify(state.originals),
      );
      assert.equal(stderr, '');
      assert.deepEqual(files, []);
    });
  }
}

test('enabled, the same check sees the patches', async (t) => {
  const { stdout } = await run(t, scenario('report-state.cjs'), { env: on, load: 'require' });
  const { loaded, dependencies, originals, listeners } = JSON.parse(stdout) as State;
  assert.deepEqual([loaded, dependencies], [['register.js', 'agent.js'], []]);
  assert.equal(originals['Module.load'], false);
  assert.ok(originals['Module.require'] && originals['getBuiltinModule'], 'before the first trace');
  assert.equal(originals['ChildProcess.spawn'], false);
  assert.equal(originals['Worker'], false);
  assert.ok(!listeners.includes('SIGTERM'), 'a signal handler before the first trace');
});

for (const env of [{ OSTRACE_ENABLED: 'false' }, on]) {
  test(`enabled: ${env === on}, a request and a wrapped call allocate nothing`, async (t) => {
    // Room for all of it: a collection in between would hide what was allocated.
    const nodeArgs = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
    const cwd = scenario('named');
    const { stdout } = await run(t, scenario('idle-allocations.cjs'), {
      env,
      cwd,
      load: 'require',
      nodeArgs,
    });
    const {
      'an object': object,
      'a request': request,
      ...calls
    } = JSON.parse(stdout) as Record<string, number>;
    assert.ok(object! >= 12, `the check sees what an object takes: ${object}`);
    // The number of the loop's idle time, by which the next request knows whether the loop was blocked.
    assert.ok(request! <= (env === on ? 24 : 0), `${request} bytes`);
    assert.deepEqual(calls, {
      'an event of a server': 0,
      'a call of pg': 0,
      'a look into a list of redis': 0,
      'a call that gRPC serves': 0,
      'a message that amqplib delivers': 0,
      'a message that kafkajs hands over': 0,
      'a job that bullmq handles': 0,
      'a message that NATS delivers': 0,
      'a message to a child process': 0,
      'a message to a thread': 0,
      'a call of a function that is named': 0,
    });
  });
}

const [major = 0] = process.versions.node.split('.').map(Number);
// Each costs every start some tenths of a millisecond; http, tls and crypto cost several.
const builtins = {
  require: [
    'child_process',
    'dgram',
    'net',
    'stream',
    'string_decoder',
    'worker_threads',
    // Node itself has it by then on newer ones.
    ...(major < 22 ? ['diagnostics_channel'] : []),
  ],
  import: ['module'],
};

for (const load of ['import', 'require'] as const) {
  test(`enabled, --${load}: the parts of Node that few applications need are left to them`, async (t) => {
    const file = scenario('loaded-builtins.cjs');
    const loaded = async (preloaded: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> => {
      const { stdout } = await run(t, file, { env, load: 'none', nodeArgs: [`--${load}`, preloaded] });
      const names = (JSON.parse(stdout) as string[]).map((name) => name.replace('NativeModule ', ''));
      return names.filter((name) => builtinModules.includes(name) && !name.includes('/'));
    };
    const bare = await loaded(scenario('empty.cjs'), {});
    const idle = await loaded(load === 'import' ? modulePreload : preload, on);
    const allowed = [...builtins.require, ...(load === 'import' ? builtins.import : [])];
    assert.deepEqual(idle.filter((name) => !bare.includes(name)).toSorted(), allowed.toSorted());
  });
}

test('enabled, the start reads two files, and two more for a driver that the application loads', async (t) => {
  const report = scenario('report-state.cjs');
  const args = [`require('pg'); require(${JSON.stringify(report)})`];
  const { stdout } = await run(t, '-e', { env: on, load: 'require', args });
  const { loaded } = JSON.parse(stdout) as State;
  // What all drivers share is in one of them.
  assert.deepEqual(loaded, ['register.js', 'agent.js', 'later/pg.js', 'later/shared-calls.js']);
});

test('enabled, nothing of the agent looks at what is called while nothing is traced', async (t) => {
  const code = `
    const { Client } = require('pg');
    let looks = 0;
    const watched = new Proxy({ text: 'select 1 as one' }, {
      get(config, name) { looks++; return config[name]; },
      has(config, name) { looks++; return name in config; },
      ownKeys(config) { looks++; return Reflect.ownKeys(config); },
      getPrototypeOf(config) { looks++; return Reflect.getPrototypeOf(config); },
    });
    (async () => {
      const client = new Client();
      await client.connect();
      looks = 0;
      await client.query(watched);
      console.log(looks);
      await client.end();
    })();`;
  const looks = async (env: NodeJS.ProcessEnv, load: 'require' | 'none'): Promise<number> =>
    Number((await run(t, '-e', { args: [code], env, load })).stdout);
  const bare = await looks({}, 'none');
  assert.ok(bare > 0);
  assert.equal(await looks(on, 'require'), bare);
  const traced = await looks({ ...on, OSTRACE_PROFILE: key, OSTRACE_TRACE_SQL: '1' }, 'require');
  assert.ok(traced > bare, 'the check sees nothing');
});

// What does not trigger a trace must look the same as no header at all.
const good = signedHeaders().headers;
const wrong = signedHeaders('another key').headers;
const refused: Readonly<Record<string, Record<string, string>>> = {
  'no header': {},
  'an unsigned header': { 'X-Trace-Info': good['X-Trace-Info']! },
  'a signature alone': { 'X-Trace-HMAC': good['X-Trace-HMAC']! },
  'another key’s signature': wrong,
  'a signature of something else': { ...good, 'X-Trace-HMAC': wrong['X-Trace-HMAC']! },
  'a malformed header': { 'X-Trace-Info': '%%%', 'X-Trace-HMAC': 'é' },
  'a long header': { 'X-Trace-Info': 'A'.repeat(8000), 'X-Trace-HMAC': 'a'.repeat(4000) },
};

test('enabled, a request that triggers nothing gets the same response and costs no worker, storage, event or file', async (t) => {
  const { stderr, files, events, code } = await run(t, scenario('idle-server.cjs'), {
    env: on,
    onReady: async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const plain = await answer(`${base}/x`, {});
      for (const [what, headers] of Object.entries(refused)) {
        assert.deepEqual(await answer(`${base}/x`, headers), plain, what);
      }
      const state: unknown = await (await fetch(`${base}/state`)).json();
      assert.deepEqual(state, { entered: 0, disabled: 0, workers: 0, listeners: 0 });
      await fetch(`${base}/end`);
    },
  });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.deepEqual([events, files], [[], []]);
});

test('the same check sees a trace, and that all is put away after the last one', async (t) => {
  const { events } = await run(t, scenario('idle-server.cjs'), {
    env: on,
    onReady: async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const traced = await answer(`${base}/x`, signedHeaders().headers);
      assert.equal(traced['x-own-emit'], 'true');
      const during = (await (await fetch(`${base}/state`)).json()) as Record<string, number>;
      assert.equal(during['workers'], 1);
      assert.ok(during['entered']! > 0 && during['listeners'] === 1, JSON.stringify(during));
      // What comes after a trace's end is counted for five seconds.
      const before = await patiently(
        async () => (await (await fetch(`${base}/state`)).json()) as Record<string, number>,
        ({ disabled, listeners }) => disabled === 1 && listeners === 0,
      );
      assert.equal((await answer(`${base}/x`, {}))['x-own-emit'], 'false');
      const after = (await (await fetch(`${base}/state`)).json()) as Record<string, number>;
      assert.deepEqual(after, before, 'the storage was entered after the last trace');
      assert.equal(after['disabled'], 1, 'on Node 20 and 22 each `await` of the process would stay dear');
      assert.equal(after['listeners'], 0, 'the signals are the application’s again');
      await fetch(`${base}/end`);
    },
  });
  assert.equal(treeOf(events).length, 1);
});

async function answer(url: string, headers: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(url, { headers });
  const { date: _varies, ...rest } = Object.fromEntries(response.headers);
  return { ...rest, status: String(response.status), body: await response.text() };
}
