// What starts applications in ways of its own: pm2, and Yarn with Plug'n'Play.
// needs: agent packages
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, before, test } from 'node:test';

import { patiently } from '../fixtures/patiently.js';
import { pack } from '../packed-agent.js';
import type { Event } from '../../src/trace/event.js';
import {
  agentFolder,
  key,
  modulePreload,
  preload,
  scratch,
  shape,
  signedHeaders,
  treeOf,
} from '../scenario.js';
import { applications, installApplications } from './install.js';

before(installApplications);

const pm2 = join(applications, 'node_modules/pm2/bin/pm2');
const yarn = join(applications, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js');

/** The environment without what npm, a test runner and we put into it. */
function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:OSTRACE|NODE|npm|PM2)_/i.test(name));
  return { ...(Object.fromEntries(inherited) as Record<string, string>), ...more };
}

const wholeTree = 'wsgi(thread(thread_main))';
const lastOfWholeTree = ['wsgi-stop', 'thread-stop', 'thread_main-stop'];

/** An application in a folder of its own, which writes the port that the system gave it into a file. */
function application(t: TestContext): { readonly folder: string; readonly portFile: string } {
  const folder = scratch(t);
  writeFileSync(
    join(folder, 'app.js'),
    `const { writeFileSync } = require('node:fs');
     const { Worker } = require('node:worker_threads');
     const server = require('node:http').createServer((request, response) => {
       new Worker('0', { eval: true }).on('exit', () => response.end(process.argv.slice(2).join()));
     });
     server.listen(0, '127.0.0.1', () => writeFileSync(process.env.PORT_FILE, server.address().port + '\\n'));`,
  );
  return { folder, portFile: join(folder, 'port') };
}

/** The events of a trace that are stored by now; none while the last line is only half written. */
function stored(store: string, base_id: string): readonly Event[] {
  try {
    const lines = readFileSync(join(store, `${base_id}.jsonl`), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Event);
  } catch {
    return [];
  }
}

/**
 * Sends a signed request once the application listens, and checks the tree of its trace. Each thread's events
 * reach the store by themselves, those of the request's thread sometimes before those of the thread that it
 * started, so no single event says that the trace is whole.
 */
async function checkTrace(portFile: string, store: string): Promise<readonly Event[]> {
  const port = await patiently(
    () => (existsSync(portFile) ? readFileSync(portFile, 'utf8') : ''),
    (text) => text.endsWith('\n'),
  );
  assert.match(port, /^\d+\n$/, 'the port of the application');
  const { base_id, headers } = signedHeaders();
  await (await fetch(`http://127.0.0.1:${port.trim()}/`, { headers })).text();
  const events = await patiently(
    () => stored(store, base_id),
    (seen) => lastOfWholeTree.every((last) => seen.some(({ name }) => name === last)),
  );
  assert.equal(shape(treeOf(events)), wholeTree);
  return events;
}

const modes = { cluster: ['-i', '1'], fork: [] } as const;

for (const [mode, args] of Object.entries(modes)) {
  for (const preloaded of [`--require ${preload}`, `--import ${modulePreload}`]) {
    test(`pm2, ${mode} mode, ${preloaded.slice(0, 9)}: a service of pm2's name, with its store where pm2 starts it`, async (t) => {
      const { folder, portFile } = application(t);
      const elsewhere = scratch(t);
      const home = { PM2_HOME: join(elsewhere, 'pm2') };
      const call = (words: readonly string[], cwd: string, env: Readonly<Record<string, string>>) =>
        spawnSync(process.execPath, [pm2, ...words, '--silent'], {
          cwd,
          env: environment({ ...home, ...env }),
          encoding: 'utf8',
          timeout: 60_000,
        });
      // The daemon runs already, as somebody started it who knew of no agent.
      const daemon = call(['ping'], elsewhere, {});
      assert.equal(daemon.status, 0, daemon.stderr);
      try {
        const settings = { OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: key, PORT_FILE: portFile };
        const start = ['start', 'app.js', '--name', 'shop', `--node-args=${preloaded}`, ...args];
        const { status, stderr } = call(start, folder, settings);
        assert.equal(status, 0, stderr);
        const events = await checkTrace(portFile, join(folder, '.ostrace'));
        assert.deepEqual([...new Set(events.map(({ service }) => service))], ['shop']);
      } finally {
        // Before the folders of the test go away, without which pm2 finds no daemon.
        call(['kill'], elsewhere, {});
      }
    });
  }
}

for (const unplugged of [true, false]) {
  test(`Yarn's Plug'n'Play, ${unplugged ? 'unplugged' : 'in its archive'}: traces are stored`, async (t) => {
    const { folder, portFile } = application(t);
    const certificates = ofNpm('cafile') || (process.env['NODE_EXTRA_CA_CERTS'] ?? '');
    const env = environment({
      YARN_ENABLE_TELEMETRY: '0',
      YARN_ENABLE_GLOBAL_CACHE: 'false',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      // As npm is set to reach the registry: Yarn fetches what ostrace depends on.
      YARN_NPM_REGISTRY_SERVER: ofNpm('registry'),
      ...(certificates !== '' && { YARN_HTTPS_CA_FILE_PATH: certificates }),
      OSTRACE_ENABLED: 'true',
      OSTRACE_HMAC_KEYS: key,
      PORT_FILE: portFile,
    });
    const call = (...args: readonly string[]): SpawnSyncReturns<string> =>
      spawnSync(process.execPath, [yarn, ...args], { cwd: folder, env, encoding: 'utf8', timeout: 120_000 });
    const meta = { ostrace: { unplugged } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependenciesMeta: meta }));
    writeFileSync(join(folder, 'yarn.lock'), '');
    const { status, stdout } = call('add', `ostrace@file:${pack(folder)}`);
    assert.equal(status, 0, stdout);
    const isInArchive = !readdirSync(join(folder, '.yarn')).includes('unplugged');
    assert.equal(isInArchive, !unplugged);
    const child = spawn(process.execPath, [yarn, 'node', '--require', 'ostrace/register', 'app.js'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    t.after(() => child.kill('SIGTERM'));
    await checkTrace(portFile, join(folder, '.ostrace'));
  });
}

/** A setting of npm's; empty if it is not set. */
function ofNpm(setting: string): string {
  const { stdout } = spawnSync('npm', ['config', 'get', setting], { encoding: 'utf8' });
  return stdout.trim().replace(/^(?:null|undefined)$/, '');
}

test("a container's entry point, as it is without a shell: the agent is where NODE_OPTIONS say", async (t) => {
  const { folder, portFile } = application(t);
  // As an image has it: the application and its packages below one folder, started from /.
  const image = join(folder, 'srv/app');
  for (const name of ['dist/register.js', 'dist/agent.js', 'dist/later', 'dist/src', 'package.json']) {
    cpSync(join(agentFolder, name), join(image, 'node_modules/ostrace', name), { recursive: true });
  }
  cpSync(join(folder, 'app.js'), join(image, 'app.js'));
  const store = join(folder, 'traces');
  const child = spawn(process.execPath, [join(image, 'app.js')], {
    cwd: '/',
    env: {
      OSTRACE_ENABLED: 'true',
      OSTRACE_HMAC_KEYS: key,
      OSTRACE_CONNECTION_STRING: `file://${store}`,
      NODE_OPTIONS: `--require ${join(image, 'node_modules/ostrace/dist/register.js')}`,
      PORT_FILE: portFile,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => child.kill('SIGTERM'));
  await checkTrace(portFile, store);
});
