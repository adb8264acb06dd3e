// Where the agent and the application stand on the command line, and flags that change what Node is.
// needs: agent postgresql mariadb
import { cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { agentFolder, preload, scratch } from '../scenario.js';
import { type Probe, folder, probe } from './probe.js';

const commonJs = join(folder, 'forms/require-node.cjs');
const esModule = join(folder, 'forms/import-named.mjs');
/** An ES module that imports CommonJS: both loaders are at work. */
const mixed = join(folder, 'forms/esm-cjs.mjs');
const node = process.versions.node.split('.').map(Number) as [major: number, minor: number];

const option = (load: string): Probe => ({ env: { NODE_OPTIONS: `--${load}="${preload}"` } });
const loadings: Readonly<Record<string, Probe>> = {
  'NODE_OPTIONS alone, --require': { ...option('require'), load: 'none' },
  'NODE_OPTIONS alone, --import': { ...option('import'), load: 'none' },
  'NODE_OPTIONS and the command line, --require in both': { ...option('require'), load: 'require' },
  'NODE_OPTIONS and the command line, --import in both': { ...option('import'), load: 'import' },
  'NODE_OPTIONS by --import, the command line by --require': { ...option('import'), load: 'require' },
  '--import and --require': { load: 'import', nodeArgs: ['--require', preload] },
  '--import twice': { load: 'import', nodeArgs: ['--import', preload] },
  '--require twice': { load: 'require', nodeArgs: ['--require', preload] },
};

for (const [what, options] of Object.entries(loadings)) {
  test(`${what}: the agent starts once, and each call is one point`, async (t) => {
    const bare = { nodeArgs: [], env: {} };
    await probe(t, mixed, { ...options, bare });
  });
}

test('two copies of the agent in one process: the first one works, and each call is one point', async (t) => {
  const other = join(scratch(t), 'ostrace');
  cpSync(join(agentFolder, 'dist'), join(other, 'dist'), {
    recursive: true,
    filter: (source) => !/dist.(?:test|benchmarks)/.test(source),
  });
  const both = ['--require', join(other, 'dist/register.js'), '--require', preload];
  await probe(t, commonJs, { load: 'none', nodeArgs: both, bare: { nodeArgs: [] } });
});

const name = JSON.stringify(commonJs);
const withPort = `require(${JSON.stringify(join(folder, 'serve.cjs'))})({
  ...require('http'), ...require('child_process'), ...require('worker_threads'),
  Pool: require('pg').Pool, createPool: require('mysql2').createPool,
}).address().port`;
const codes: Readonly<Record<string, readonly [file: string, options: Probe]>> = {
  'node -e': ['-e', { args: [`require(${name})`] }],
  'node --input-type=module -e': [
    '-e',
    { nodeArgs: ['--input-type=module'], args: [`import ${JSON.stringify(`file://${esModule}`)}`] },
  ],
  'node -p': ['-p', { args: [withPort] }],
  'a script on stdin': ['-', { input: `require(${name})` }],
  'an ES module on stdin': [
    '-',
    { nodeArgs: ['--input-type=module'], input: `import ${JSON.stringify(`file://${esModule}`)}` },
  ],
};

for (const [what, [file, options]] of Object.entries(codes)) {
  test(`${what}: the whole tree`, async (t) => {
    await probe(t, file, options);
  });
}

if (node[0] >= 22) {
  test('node --run with NODE_OPTIONS: the whole tree', async (t) => {
    const cwd = scratch(t);
    const scripts = { start: `node ${commonJs}` };
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true, scripts }));
    const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
    await probe(t, 'start', {
      load: 'none',
      nodeArgs: ['--run'],
      cwd,
      env: { ...env, ...option('require').env },
      bare: { env },
    });
  });
}

/** Flags that take something away or put something else in its place. */
const flags: readonly (readonly [flag: string, from: number, below: number])[] = [
  ['--frozen-intrinsics', 20, 99],
  ['--disable-proto=delete', 20, 99],
  ['--disable-proto=throw', 20, 99],
  ['--disallow-code-generation-from-strings', 20, 99],
  ['--no-warnings', 20, 99],
  ['--enable-source-maps', 20, 99],
  ['--preserve-symlinks', 20, 99],
  ['--stack-trace-limit=0', 20, 99],
  ['--throw-deprecation', 20, 99],
  ['--unhandled-rejections=strict', 20, 99],
  // The two storages below AsyncLocalStorage, each where it is not the default.
  ['--experimental-async-context-frame', 22, 24],
  ['--no-async-context-frame', 24, 99],
];

for (const [flag, from, below] of flags) {
  const skip = node[0] < from || node[0] >= below ? `Node ${node[0]} has no such flag` : false;
  test(`${flag}: the whole tree`, { skip }, async (t) => {
    await probe(t, mixed, { nodeArgs: [flag] });
  });
}
