// What starts applications in ways of its own: pm2, and Yarn with Plug'n'Play.
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** An application of its own folder, which says when it listens. */
async function application(t: TestContext): Promise<{ folder: string; url: string; port: string }> {
  const folder = scratch(t);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  writeFileSync(
    join(folder, 'app.js'),
    `const { Worker } = require('node:worker_threads');
     require('node:http').createServer((request, response) => {
       new Worker('0', { eval: true }).on('exit', () => response.end(process.argv.slice(2).join()));
     }).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));`,
  );
  return { folder, url: `http://127.0.0.1:${port}/`, port: String(port) };
}

/** Sends a signed request, as soon as something answers; gives the events of its trace once it is whole. */
async function trace(url: string, store: string): Promise<readonly Event[]> {
  const { base_id, headers } = signedHeaders();
  for (let tries = 0; ; tries++) {
    try {
      await (await fetch(url)).text();
      break;
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(100);
    }
  }
  await (await fetch(url, { headers })).text();
  for (let tries = 0; ; tries++) {
    try {
      const lines = readFileSync(join(store, `${base_id}.jsonl`), 'utf8').split('\n');
      const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Event);
      if (events.some(({ name }) => name === 'wsgi-stop')) return events;
    } catch {
      // not yet
    }
    assert.ok(tries < 100, `nothing came to ${store}`);
    await sleep(100);
  }
}

const modes = { cluster: ['-i', '1'], fork: [] } as const;

for (const [mode, args] of Object.entries(modes)) {
  for (const preloaded of [`--require ${preload}`, `--import ${modulePreload}`]) {
    test(`pm2, ${mode} mode, ${preloaded.slice(0, 9)}: a service of pm2's name, with its store where pm2 starts it`, async (t) => {
      const { folder, url, port } = await application(t);
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
      call(['ping'], elsewhere, {});
      try {
        const settings = { OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: key, PORT: port };
        const start = ['start', 'app.js', '--name', 'shop', `--node-args=${preloaded}`, ...args];
        const { status, stderr } = call(start, folder, settings);
        assert.equal(status, 0, stderr);
        const events = await trace(url, join(folder, '.ostrace'));
        assert.equal(shape(treeOf(events)), 'wsgi(thread(thread_main))');
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
    const { folder, url, port } = await application(t);
    const env = environment({
      YARN_ENABLE_TELEMETRY: '0',
      YARN_ENABLE_GLOBAL_CACHE: 'false',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_NPM_REGISTRY_SERVER: registry(),
      OSTRACE_ENABLED: 'true',
      OSTRACE_HMAC_KEYS: key,
      PORT: port,
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
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGTERM'));
    await once(child.stdout, 'data');
    const events = await trace(url, join(folder, '.ostrace'));
    assert.equal(shape(treeOf(events)), 'wsgi(thread(thread_main))');
  });
}

function registry(): string {
  return spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout.trim();
}

test("a container's entry point, as it is without a shell: the agent is where NODE_OPTIONS say", async (t) => {
  const { folder, url, port } = await application(t);
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
      PORT: port,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGTERM'));
  await once(child.stdout, 'data');
  const events = await trace(url, store);
  assert.equal(shape(treeOf(events)), 'wsgi(thread(thread_main))');
});
