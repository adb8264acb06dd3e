// How the agent's settings are read, and what is said of a wrong one.
// needs: agent
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { options, variableName } from '../src/config/options.js';
import { readConfig } from '../src/config/config.js';
import { key, on, preload, run, scenario, scratch } from './scenario.js';

/** Wrong settings and the one line that each gives. */
const wrong: readonly { env: Record<string, string>; line: RegExp }[] = [
  {
    env: { OSTRACE_ENABLED: 'maybe' },
    line: /^ostrace: OSTRACE_ENABLED is "maybe"; expected true or false \(.*\)\n$/,
  },
  {
    env: { ...on, OSTRACE_TRACE_SQL: 'sometimes' },
    line: /^ostrace: OSTRACE_TRACE_SQL is "sometimes"; expected true or false/,
  },
  {
    env: { ...on, OSTRACE_TRACESQL: '1' },
    line: /^ostrace: OSTRACE_TRACESQL is not a setting \(did you mean OSTRACE_TRACE_SQL\?\); see docs\/settings\.md\n$/,
  },
  {
    env: { ...on, OSTRACE_SOMETHING: '1' },
    line: /^ostrace: OSTRACE_SOMETHING is not a setting; see docs\/settings\.md\n$/,
  },
  {
    env: { ...on, OSTRACE_CONNECTION_STRING: 'kafka://somewhere' },
    line: /^ostrace: OSTRACE_CONNECTION_STRING is "kafka:\/\/somewhere", and there is no driver for that scheme; expected one of file:\/\//,
  },
  {
    env: { ...on, OSTRACE_CONNECTION_STRING: '/var/traces' },
    line: /^ostrace: OSTRACE_CONNECTION_STRING is "\/var\/traces"; expected a connection string such as file:/,
  },
  {
    env: { ...on, OSTRACE_CONNECTION_STRING: '//user:secret@redis' },
    line: /^ostrace: OSTRACE_CONNECTION_STRING is "\/\/\*\*\*@redis"; expected a connection string such as/,
  },
  {
    env: { ...on, OSTRACE_HMAC_KEYS: `${key},,other-secret` },
    line: /^ostrace: OSTRACE_HMAC_KEYS is a value that is not shown; expected keys separated by commas, none of them empty\n$/,
  },
];

const odd: readonly { env: Record<string, string>; problem: RegExp; what: string }[] = [
  {
    what: 'a flag that is a name of JavaScript',
    env: { OSTRACE_ENABLED: 'constructor', OSTRACE_TRACE_SQL: '__proto__' },
    problem: /^OSTRACE_(ENABLED is "constructor"|TRACE_SQL is "__proto__"); expected true or false/,
  },
  {
    what: 'a scheme that is a name of JavaScript',
    env: { OSTRACE_CONNECTION_STRING: 'constructor:x' },
    problem: /^OSTRACE_CONNECTION_STRING is "constructor:x", and there is no driver for that scheme/,
  },
  {
    what: 'what a terminal acts on',
    env: { OSTRACE_ENABLED: '\u009b31m\u202e\u2028\n\u007f' },
    problem: /^OSTRACE_ENABLED is "\\u\{9b\}31m\\u\{202e\}\\u\{2028\}\\n\\u\{7f\}"; expected true or false/,
  },
  {
    what: 'a name of two lines',
    env: { 'OSTRACE_A\nb': 'x' },
    problem: /^"OSTRACE_A\\nb" is not a setting; see docs\/settings\.md$/,
  },
  {
    what: 'a value and a name without end',
    env: { OSTRACE_ENABLED: 'x'.repeat(100_000), [`OSTRACE_${'A'.repeat(100_000)}`]: 'x' },
    problem: /^"?OSTRACE_.{0,400}$/,
  },
];

for (const { env, problem, what } of odd) {
  test(`settings: ${what} is one readable line, and the default counts`, () => {
    const { config, problems } = readConfig(env);
    assert.equal(problems.length, Object.keys(env).length);
    for (const each of problems) assert.match(each, problem);
    const { config: unset } = readConfig({});
    assert.deepEqual(config, unset);
  });
}

for (const { env, line } of wrong) {
  const [variable, value] = Object.entries(env).at(-1)!;
  test(`${variable}=${value.replace(/[^,]*secret/, '…')} is one clear line, and the application runs on`, async (t) => {
    const code = 'console.log("runs")';
    const { stdout, stderr, code: exit } = await run(t, '-e', { args: [code], env, cwd: '/' });
    assert.match(stderr, line);
    assert.equal(stderr.split('\n').length, 2);
    assert.deepEqual([stdout, exit], ['runs\n', 0]);
    assert.ok(!stderr.includes(key) && !stderr.includes('secret'), 'a key was printed');
  });
}

const gone =
  'OSTRACE_CONNECTION_STRING names a relative folder, and the working directory is gone; expected an absolute folder, as in file:///var/lib/ostrace';

for (const load of ['import', 'require'] as const) {
  for (const [how, env] of Object.entries({
    off: { OSTRACE_CONNECTION_STRING: undefined },
    idle: { ...on, OSTRACE_CONNECTION_STRING: undefined },
    traced: { ...on, OSTRACE_PROFILE: key, OSTRACE_CONNECTION_STRING: undefined },
  })) {
    test(`--${load}, ${how}: an application starts in a working directory that is gone`, async (t) => {
      const code = `
        const { mkdtempSync, rmdirSync } = require('node:fs');
        const folder = mkdtempSync(require('node:os').tmpdir() + '/ostrace-gone-');
        process.chdir(folder);
        rmdirSync(folder);
        const { execPath, argv: [, preload, load, file] } = process;
        const args = ['--' + load, preload, file];
        require('node:child_process').spawnSync(execPath, args, { stdio: 'inherit' });
      `;
      const file = join(scratch(t), 'app.cjs');
      writeFileSync(file, 'console.log("runs")');
      const { stdout, stderr } = await run(t, '-e', { load: 'none', args: [code, preload, load, file], env });
      assert.equal(stdout, 'runs\n');
      assert.equal(stderr.split('\n')[0], how === 'off' ? '' : `ostrace: ${gone}`);
    });
  }
}

test('of several keys with an empty one among them, the others still count', async (t) => {
  const env = { OSTRACE_ENABLED: 'yes', OSTRACE_HMAC_KEYS: `a,,${key}`, OSTRACE_PROFILE: key };
  const code = `console.log(Object.keys(require('ostrace').profiler.traceHeaders()).join())`;
  const { stdout } = await run(t, '-e', { args: [code], env });
  assert.equal(stdout, 'X-Trace-Info,X-Trace-HMAC,X-Trace-Time\n');
});

test('each instrumentation has a switch', async (t) => {
  const switches = Object.keys(options).filter((name) => /^instrument[A-Z]/.test(name));
  const off = ['false', '0', 'no', 'off'];
  const env = {
    ...on,
    OSTRACE_PROFILE: key,
    ...Object.fromEntries(switches.map((name, i) => [variableName(name), off[i % off.length]])),
  };
  const { stdout } = await run(t, scenario('report-state.cjs'), { env });
  const { originals } = JSON.parse(stdout) as { originals: Record<string, boolean> };
  const replaced = Object.keys(originals).filter((name) => originals[name] === false);
  // By these it is seen that a part of Node is loaded whose connections requests share: no instrumentation's.
  assert.deepEqual(replaced, ['Module.require', 'getBuiltinModule']);
  const { events } = await run(t, scenario('pg-calls.cjs'), { env });
  assert.ok(events.length > 0 && !events.some(({ name }) => name.startsWith('db')));
});
