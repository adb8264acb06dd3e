// Points by name in projects that nobody here wrote: their own tests pass, and print the same, with every exported
// function wrapped.
// needs: agent packages postgresql mariadb
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, before, test } from 'node:test';

import { probe } from '../loading/probe.js';
import { type Run, type RunOptions, key, on, preload, run, scratch } from '../scenario.js';
import { makeBundle } from './bundle.js';
import { applications, installApplications } from './install.js';

before(installApplications);

const everything = (points: readonly object[]): string =>
  JSON.stringify({ points, limits: { functions: 5000, points: 300 } });

/** The lines of a report that say which tests have passed and failed, without times. */
const results = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^ *((?:not )?ok) \d+ -? ?(.*)$/.exec(line)?.slice(1).join(' ') ?? []);

/** The project's tests give the same results as without the agent. */
async function same(
  t: TestContext,
  file: string,
  points: readonly object[],
  options: RunOptions,
): Promise<Run> {
  const shared: RunOptions = { cwd: applications, load: 'none', ...options };
  const bare = await run(t, file, shared);
  const nodeArgs = ['--import', preload, ...(options.nodeArgs ?? [])];
  const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_POINTS: everything(points) };
  const traced = await run(t, file, { ...shared, nodeArgs, env });
  const [expected, found] = [results(bare.stdout), results(traced.stdout)];
  assert.ok(expected.length > 100, `${expected.length} results, ${bare.stderr}`);
  assert.deepEqual(found, expected);
  assert.equal(traced.code, bare.code);
  assert.ok(!/failed|failed to wrap/.test(traced.stderr), traced.stderr);
  return traced;
}

const functionsOf = ({ events }: Run): number =>
  new Set(
    events.flatMap(({ info }) => (info['function'] as { readonly name?: string } | undefined)?.name ?? []),
  ).size;

test('qs, a CommonJS library, and what it uses', async (t) => {
  const folder = join(applications, 'node_modules/qs/test');
  const args = readdirSync(folder).map((name) => join(folder, name));
  const traced = await same(
    t,
    join(applications, 'node_modules/tape/bin/tape'),
    [
      { module: 'qs/lib/*.js', export: '*', point: 'qs', args: true, result: true },
      { module: 'side-channel', export: '*', point: 'channel' },
      { module: 'side-channel', export: 'default().*', point: 'channel' },
    ],
    { args },
  );
  assert.ok(functionsOf(traced) >= 15, `${functionsOf(traced)} functions`);
});

const tests = [
  'array',
  'async-parsing',
  'codec',
  'coerce',
  'discriminated-unions',
  'error',
  'lazy',
  'object',
  'pipe',
];
const more = [
  'preprocess',
  'record',
  'recursive-types',
  'refine',
  'registries',
  'string',
  'template-literal',
  'transform',
  'union',
];
const tsx = ['--test-reporter=tap', '--import', 'tsx'];

test('zod, ES modules, with cycles among them', async (t) => {
  const points = [{ module: 'zod/v4/**/*.js', export: '*', point: 'zod' }];
  const traced = await same(t, join(applications, 'projects/zod.mjs'), points, {
    nodeArgs: tsx,
    args: [...tests, ...more],
  });
  assert.ok(functionsOf(traced) > 100, `${functionsOf(traced)} functions`);
});

test('zod’s sources in TypeScript, by tsx', async (t) => {
  const points = [{ module: 'zod/src/v4/**/*.ts', export: '*', point: 'zod' }];
  const nodeArgs = [...tsx, '--conditions=@zod/source'];
  const traced = await same(t, join(applications, 'projects/zod.mjs'), points, {
    nodeArgs,
    args: [...tests, ...more],
  });
  assert.ok(functionsOf(traced) > 100, `${functionsOf(traced)} functions`);
});

test('a Nest application, and Nest itself', async (t) => {
  const all = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'rxjs', 'rxjs/operators'];
  const points = [
    ...all.map((module) => ({ module, export: '*', point: 'nest' })),
    { module: '@nestjs/core', export: 'NestFactory.*', point: 'nest' },
    { module: '@nestjs/core', export: 'Reflector.prototype.*', point: 'nest' },
  ];
  const ask = async (options: RunOptions): Promise<readonly [readonly string[], Run]> => {
    const answers: string[] = [];
    const ran = await run(t, join(applications, 'frameworks/nest.mjs'), {
      args: ['Express'],
      ...options,
      onReady: async (port) => {
        for (const route of ['both/a', 'error/a', 'stream/a', 'none', 'end']) {
          const response = await fetch(`http://127.0.0.1:${port}/${route}`, {
            headers: { connection: 'close' },
          });
          answers.push(`${response.status} ${await response.text()}`);
        }
      },
    });
    return [answers, ran];
  };
  const [expected] = await ask({ load: 'none' });
  const [found, traced] = await ask({
    env: { ...on, OSTRACE_PROFILE: key, OSTRACE_POINTS: everything(points) },
  });
  assert.deepEqual(found, expected);
  assert.ok(functionsOf(traced) > 20, `${functionsOf(traced)} functions`);
});

for (const format of ['cjs', 'esm'] as const) {
  test(`a bundle with an external package, ${format}`, async (t) => {
    const file = await makeBundle(scratch(t), { format, minify: true, drivers: 'external' });
    const points = [{ module: 'pg-pool', export: 'default.prototype.query', point: 'pool' }];
    await probe(t, file, {
      env: { OSTRACE_POINTS: everything(points) },
      tree: 'wsgi(pool(db) db http(wsgi) command thread(thread_main))',
      mayWarn: true,
    });
  });
}
