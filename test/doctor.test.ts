// What `ostrace doctor` finds in a shell, in a program that it starts and in its requests.
// needs: agent
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { node } from '../instrumentations/targets.js';
import { infoHeader, timeHeader, traceHeaders } from '../src/trace/headers.js';
import { newId } from '../src/trace/ids.js';
import { hmacOf } from '../src/trace/hmac.js';
import { type Report, application, doctor, good, hints, problems, program } from './fixtures/doctor.js';
import { freePort } from './services/scratch.js';
import { key, on, preload, projectFolder, run, scenario, scratch, signedHeaders } from './scenario.js';

const pgFile = JSON.stringify(require.resolve('pg'));

test('in a shell without any setting it says what is missing, and exits with 1', async (t) => {
  const { code, stdout, stderr } = await doctor(t, {});
  assert.equal(stderr, '');
  assert.equal(code, 1);
  assert.match(stdout, /^ok +node +Node\.js \d+\.\d+\.\d+$/m);
  assert.match(stdout, /^PROBLEM +setting +OSTRACE_ENABLED is not true/m);
  assert.match(stdout, /^PROBLEM +keys +OSTRACE_HMAC_KEYS is empty/m);
  assert.match(stdout, /^ok +store +\/.* is not there yet/m);
});

test('a Node.js that is older than package.json, and the tests, allow is a problem', async (t) => {
  const { engines } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  assert.equal(engines.node, `>=${node.from}`, 'the versions that are tested are those that are allowed');
  const [major, minor] = node.from.split('.').map(Number);
  const judged = async (version: string): Promise<string[]> => {
    const preloaded = program(t, `Object.defineProperty(process.versions, 'node', { value: '${version}' });`);
    const { stdout } = await doctor(
      t,
      { env: { ...good, NODE_OPTIONS: `--require ${preloaded}` } },
      '--json',
    );
    return problems(JSON.parse(stdout) as Report);
  };
  const tooOld = `${major}.${minor! - 10}.9`;
  assert.deepEqual(await judged(tooOld), [
    `node: Node.js ${tooOld} is too old; expected ${node.from} or newer`,
  ]);
  for (const version of [node.from, `${major}.${minor}.1`, `${major! + 1}.0.0`, '100.1.0']) {
    assert.deepEqual(await judged(version), []);
  }
});

test('of a program that is traced it shows what was hooked, and that the trace is in the store', async (t) => {
  const { file, url } = await application(t, `require(${pgFile}); require('node:http2');`);
  const args = ['--url', url, '--', process.execPath, '--import', preload, file];
  const { code, stdout } = await doctor(t, { env: good }, '--json', ...args);
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual(problems(report), []);
  assert.deepEqual(hints(report), []);
  assert.equal(code, 0);
  const { hooked, loaded, keys: count, triggered, script } = report.process!;
  assert.deepEqual(
    hooked.map(({ name }) => name),
    ['pg', 'pg-pool'],
  );
  assert.deepEqual([loaded, count, triggered, script], ['by --import on the command line', 2, 1, file]);
  const text = await doctor(t, { env: good }, ...args);
  assert.match(text.stdout, /^ok +request +answered 200, and its trace is in the store/m);
  assert.match(text.stdout, /^ok +request +1 request began a trace in the program$/m);
  assert.match(text.stdout, /No problem was found\.\n$/);
});

test('a key that the program does not have is named as the reason', async (t) => {
  const { file, url } = await application(t, '');
  const command = ['--url', url, '--', process.execPath, '--require', preload, file];
  const { code, stdout } = await doctor(
    t,
    { env: good },
    '--json',
    '--wait',
    '5',
    '--profile',
    'another',
    ...command,
  );
  const [first, second] = problems(JSON.parse(stdout) as Report);
  assert.match(first!, /^request: answered 200, but no event of its trace arrived in the store/);
  assert.match(
    second!,
    /^request: 1 trace header was refused: none of the keys in OSTRACE_HMAC_KEYS signed it/,
  );
  assert.equal(code, 1);
});

const old = `
  const { mkdirSync, writeFileSync } = require('node:fs');
  const { join } = require('node:path');
  const folder = join(__dirname, 'node_modules/pg');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "pg", "version": "7.18.2" }');
  writeFileSync(join(folder, 'lib/client.js'), '');
  require('pg/lib/client');`;
const mark = 'Client has already been connected. You cannot reuse a client.';

const explained: Readonly<Record<string, readonly [head: string, args: readonly string[], says: RegExp]>> = {
  'a version that is not supported': [
    old,
    ['--require', preload],
    /^hooks: pg 7\.18\.2 is left alone: 8\.0\.3 up to 9\.0\.0 is supported$/,
  ],
  'a driver in a bundle': [
    `const message = ${JSON.stringify(mark)};`,
    ['--require', preload],
    /^hooks: pg is bundled into .*app\.cjs: leave it out \(esbuild: --external:pg\)$/,
  ],
  'an agent that the application loads itself': [
    `require(${JSON.stringify(preload)})`,
    [],
    /^preload: ostrace\/register was loaded by the application/,
  ],
};

for (const [what, [head, args, says]] of Object.entries(explained)) {
  test(`it tells of ${what}`, async (t) => {
    const command = ['--', process.execPath, ...args, program(t, head)];
    const { stdout } = await doctor(t, { env: good }, '--json', '--wait', '60', ...command);
    const report = JSON.parse(stdout) as Report;
    assert.deepEqual(problems(report), []);
    assert.ok(
      hints(report).some((hint) => says.test(hint)),
      hints(report).join('\n'),
    );
  });
}

test('it tells of a driver that was loaded before the agent, and is hooked all the same', async (t) => {
  const file = program(t, '');
  const early = ['--require', JSON.parse(pgFile) as string, '--require', preload];
  const { stdout } = await doctor(
    t,
    { env: good },
    '--json',
    '--wait',
    '60',
    '--',
    process.execPath,
    ...early,
    file,
  );
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual(report.process!.early, ['pg']);
  assert.ok(report.process!.hooked.some(({ name }) => name === 'pg'));
  assert.deepEqual(hints(report), []);
});

test('it tells of a program without the agent, one that fails, and one that is not there', async (t) => {
  const file = program(t, '');
  const cases: readonly (readonly [string[], RegExp])[] = [
    [[process.execPath, file], /^program: no agent ran in the program/],
    [[process.execPath, '-e', 'process.exit(3)'], /^program: the program ended with exit code 3$/],
    [['/nowhere/at/all'], /^program: cannot run "\/nowhere\/at\/all"/],
  ];
  for (const [command, says] of cases) {
    const { stdout, code } = await doctor(t, { env: good }, '--json', '--wait', '60', '--', ...command);
    const found = problems(JSON.parse(stdout) as Report);
    assert.ok(
      found.some((each) => says.test(each)),
      found.join('\n'),
    );
    assert.equal(code, 1);
  }
});

test('a store that cannot be used, and a service that does not answer, are problems', async (t) => {
  const folder = scratch(t);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), '');
  const env = { ...good, OSTRACE_CONNECTION_STRING: `file://${folder}/file` };
  const url = `http://127.0.0.1:${await freePort()}/`;
  const { stdout, code } = await doctor(t, { env }, '--json', '--wait', '0.3', '--url', url);
  const [store, request] = problems(JSON.parse(stdout) as Report);
  assert.match(store!, /^store: file:.*there is a file of that name/);
  assert.match(request!, /^request: no response from .*ECONNREFUSED/);
  assert.equal(code, 1);
});

test('OSTRACE_DEBUG says what is hooked and why a header is refused, each once', async (t) => {
  const code = `require('pg'); require(${JSON.stringify(scenario('idle-server.cjs'))});`;
  const { stderr } = await run(t, '-e', {
    args: [code],
    env: { ...on, OSTRACE_DEBUG: 'true' },
    onReady: async (port) => {
      for (const headers of [signedHeaders('other').headers, signedHeaders('another').headers, {}]) {
        await fetch(`http://127.0.0.1:${port}/x`, { headers });
      }
      await fetch(`http://127.0.0.1:${port}/end`);
    },
  });
  const lines = stderr.trimEnd().split('\n');
  assert.match(lines[0]!, /^ostrace: the agent runs in process \d+, loaded by --import on the command line$/);
  assert.match(
    lines[1]!,
    /^ostrace: pg-pool 3\.[\d.]+ is hooked \(.*\)$|^ostrace: pg 8\.[\d.]+ is hooked \(.*\)$/,
  );
  assert.equal(lines.filter((line) => line.includes('is hooked')).length, 2);
  assert.equal(
    lines.at(-1),
    'ostrace: a trace header was refused: none of the keys in OSTRACE_HMAC_KEYS signed it, or it is damaged',
  );
  assert.equal(lines.length, 4);
});

const sent = (): Record<string, string> => {
  const id = newId();
  return traceHeaders({ base_id: id, parent_id: id, hmac_key: key });
};
const without = (name: string): Record<string, string> => {
  const { [name]: _left, ...others } = sent();
  return others;
};
/** The headers' own time replaced by another one, signed with a key. */
const timed = (secondsAgo: number, hmac_key: string): Record<string, string> => {
  const headers = sent();
  const seconds = Math.floor(Date.now() / 1000) - secondsAgo;
  return { ...headers, [timeHeader]: `${seconds}.${hmacOf(`${seconds}.${headers[infoHeader]}`, hmac_key)}` };
};
const badTime =
  'its X-Trace-Time is damaged, or signed with another key or for another X-Trace-Info' as const;

const reasons: Readonly<Record<string, readonly [() => Record<string, string>, says: string | undefined]>> = {
  'good headers': [sent, undefined],
  'no header': [() => ({}), undefined],
  'a signature and a time alone': [() => without(infoHeader), 'there is no X-Trace-Info beside it'],
  'no signature': [() => without('X-Trace-HMAC'), 'there is no X-Trace-HMAC beside it'],
  'another key': [
    () => signedHeaders('another').headers,
    'none of the keys in OSTRACE_HMAC_KEYS signed it, or it is damaged',
  ],
  'no time': [
    () => without(timeHeader),
    'OSTRACE_HMAC_MAX_AGE is set, and there is no X-Trace-Time beside it',
  ],
  'an old time': [
    () => timed(120, key),
    'it is older than OSTRACE_HMAC_MAX_AGE allows, or the clocks differ',
  ],
  'a fresh time that another key signed': [() => timed(0, 'another'), badTime],
  'an old time that another key signed': [() => timed(120, 'another'), badTime],
  'the time of other headers': [() => ({ ...sent(), [timeHeader]: sent()[timeHeader]! }), badTime],
  'a time that is none': [() => ({ ...sent(), [timeHeader]: 'yesterday' }), badTime],
};

for (const [what, [headers, says]] of Object.entries(reasons)) {
  test(`why a request is not traced is told of ${what}`, async (t) => {
    const { stderr } = await run(t, scenario('idle-server.cjs'), {
      env: { ...on, OSTRACE_DEBUG: 'true', OSTRACE_HMAC_MAX_AGE: '60' },
      onReady: async (port) => {
        await fetch(`http://127.0.0.1:${port}/x`, { headers: headers() });
        await fetch(`http://127.0.0.1:${port}/end`);
      },
    });
    const [, ...told] = stderr.trimEnd().split('\n');
    assert.deepEqual(told, says === undefined ? [] : [`ostrace: a trace header was refused: ${says}`]);
  });
}

test('a driver in a bundle is told of once, with the first trace, and not before', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'bundle.cjs');
  writeFileSync(
    file,
    `require(${JSON.stringify(scenario('idle-server.cjs'))}); const text = ${JSON.stringify(mark)};`,
  );
  const told = async (count: number): Promise<string> => {
    const { stderr } = await run(t, file, {
      env: on,
      onReady: async (port) => {
        for (let i = 0; i < count; i++) {
          await fetch(`http://127.0.0.1:${port}/x`, { headers: signedHeaders().headers });
        }
        await fetch(`http://127.0.0.1:${port}/end`);
      },
    });
    return stderr;
  };
  assert.equal(await told(0), '');
  assert.match(
    await told(2),
    /^ostrace: pg is bundled into \S+bundle\.cjs, where no call of it can be seen; leave it out of the bundle \(esbuild: --external:pg;[^\n]*\n$/,
  );
});

for (const [what, set, says] of [
  ['nothing', {}, ''],
  ['what was set before', { OSTRACE_HMAC_KEYS: on.OSTRACE_HMAC_KEYS }, ''],
  [
    'one setting',
    { OSTRACE_CONNECTION_STRING: 'file:///elsewhere' },
    'OSTRACE_CONNECTION_STRING was set after the agent had started, and does not count',
  ],
  [
    'two settings, and what is none',
    { OSTRACE_TRACE_SQL: 'true', OSTRACE_HOST: 'h', PORT: '1' },
    'OSTRACE_TRACE_SQL and OSTRACE_HOST were set after the agent had started, and do not count',
  ],
] as const) {
  test(`of settings that dotenv brings after the preload, ${what}: one line with the first trace`, async (t) => {
    const dotenv = program(t, `Object.assign(process.env, ${JSON.stringify(set)});`);
    const { stderr } = await run(t, scenario('idle-server.cjs'), {
      env: on,
      load: 'require',
      nodeArgs: ['--require', dotenv],
      onReady: async (port) => {
        for (let i = 0; i < 2; i++) {
          await fetch(`http://127.0.0.1:${port}/x`, { headers: signedHeaders().headers });
        }
        await fetch(`http://127.0.0.1:${port}/end`);
      },
    });
    const advice =
      ': let Node.js set the environment (node --env-file=.env), or preload the package that sets it before ostrace/register\n';
    assert.equal(stderr, says === '' ? '' : `ostrace: ${says}${advice}`);
  });
}

test('a process that is asked for a diagnosis by a doctor who is gone goes on in silence', async (t) => {
  for (const env of [on, {}]) {
    const gone = { ...env, OSTRACE_DIAGNOSIS_FILE: join(scratch(t), 'gone/process') };
    const { stderr, code } = await run(t, '-e', { args: ['0'], env: gone });
    assert.deepEqual([stderr, code], ['', 0]);
  }
});
