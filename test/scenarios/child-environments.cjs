// Starts commands in each way, each with several environments; prints which of ostrace's variables they got.
const childProcess = require('node:child_process');
const cluster = require('node:cluster');
const { chmodSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const { execFile, execFileSync, exec, execSync, fork, spawn, spawnSync } = childProcess;
const { PATH } = process.env;
const copy = (others = {}) =>
  Object.fromEntries(
    Object.entries({ ...process.env, ...others }).filter(([, value]) => value !== undefined),
  );
const bin = '/usr/bin/env';

const environments = {
  inherited: {},
  copied: { env: copy() },
  'a view of it': { env: Object.create(process.env) },
  'a proxy': { env: new Proxy(copy(), {}) },
  getters: {
    env: Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries(process.env).map(([name, value]) => [name, { get: () => value, enumerable: true }]),
      ),
    ),
  },
  'as oneself': { uid: process.getuid(), gid: process.getgid() },
  'a path alone': { env: { PATH } },
  empty: { env: {} },
  'an empty proxy': { env: new Proxy({}, {}) },
  'no key': { env: copy({ OSTRACE_HMAC_KEYS: undefined, OSTRACE_PROFILE: undefined }) },
  'another key': { env: copy({ OSTRACE_HMAC_KEYS: 'other-key', OSTRACE_PROFILE: 'third-key' }) },
  'switched off': { env: copy({ OSTRACE_ENABLED: 'false' }) },
  'not switched on': { env: copy({ OSTRACE_ENABLED: undefined }) },
  'no store': { env: copy({ OSTRACE_CONNECTION_STRING: undefined }) },
  'another store': { env: copy({ OSTRACE_CONNECTION_STRING: 'file:///elsewhere' }) },
  ...(process.getuid() === 0 && {
    'another user': { uid: 65534 },
    'another group': { gid: 65534 },
  }),
};

const text = (child) =>
  new Promise((resolve, reject) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
    child.on('error', reject).on('close', () => resolve(out));
  });
const forked = [__filename, ['say']];

const ways = {
  spawn: (options) => text(spawn(bin, options)),
  'spawn, a shell': (options) => text(spawn(bin, { ...options, shell: '/bin/sh' })),
  exec: (options) => promisify(exec)(bin, options).then(({ stdout }) => stdout),
  execFile: (options) => promisify(execFile)(bin, options).then(({ stdout }) => stdout),
  spawnSync: (options) => spawnSync(bin, { ...options, encoding: 'utf8' }).stdout,
  execSync: (options) => execSync(bin, { ...options, encoding: 'utf8' }),
  execFileSync: (options) => execFileSync(bin, { ...options, encoding: 'utf8' }),
  // The preload is left out: it would take the context out of the environment.
  fork: (options) => text(fork(...forked, { ...options, execArgv: [], silent: true })),
  'cluster.fork': ({ env, ...options }) => {
    cluster.setupPrimary({ ...options, exec: __filename, args: ['say'], execArgv: [], silent: true });
    // It adds to the environment of the process: others can't be asked for.
    return text(cluster.fork(env).process);
  },
};

const seen = (out) => {
  const given = (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(out)?.[1];
  const context = ['OSTRACE_TRACE_INFO', 'OSTRACE_TRACE_HMAC'].filter((name) => given(name) !== undefined);
  return { context: context.length, store: given('OSTRACE_CONNECTION_STRING') };
};

/** Commands of the name that others have who change the user, which say what they get. */
async function byName() {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-names-'));
  const results = {};
  const options = { env: copy({ PATH: `${folder}:${PATH}` }) };
  for (const command of [
    'sudo -u app',
    'su -u app',
    'runuser -u app',
    'setpriv -u app',
    'doas -u app',
    'gosu -u app',
    'start-stop-daemon -c app',
    'chroot --userspec=app /',
    'unshare -S 1000',
    'unshare --fork --setgid 1000',
    'nsenter -S 1000',
    'pseudo -u app',
    'chroot /',
    'unshare --fork',
  ]) {
    const [name, ...args] = command.split(' ');
    const file = join(folder, name);
    writeFileSync(file, '#!/bin/sh\nexec /usr/bin/env\n');
    chmodSync(file, 0o755);
    results[command] = [
      await text(spawn(file, args, options)),
      await text(spawn(command, { ...options, shell: true })),
      await text(exec(`cd / && ${command} id`, options)),
      String(spawnSync(file, args, options).stdout),
      String(execSync(`cd / && ${command} id`, options)),
      await text(spawn('env', ['A=1', file, ...args], options)),
      await text(spawn('/usr/bin/nice', ['-n', '1', name, ...args], options)),
      String(spawnSync('sh', ['-e', '-u', '-c', `${command} id`], options).stdout),
      await text(spawn('/bin/sh', ['-ec', `${command} id`], options)),
    ].map((out) => seen(out).context);
  }
  rmSync(folder, { recursive: true });
  return results;
}

/** A command of a thread that was given an environment of its own. */
const inThread = (env) =>
  new Promise((resolve) => {
    new Worker(__filename, { env, argv: ['thread'] }).on('message', (out) => resolve(seen(out)));
  });

async function main() {
  const results = {};
  for (const [way, start] of Object.entries(ways)) {
    for (const [environment, options] of Object.entries(environments)) {
      results[`${way}: ${environment}`] = seen(await start(options));
    }
  }
  const threads = {
    inherited: await inThread(undefined),
    empty: await inThread({}),
    copied: await inThread(copy()),
    'no store': await inThread(copy({ OSTRACE_CONNECTION_STRING: undefined })),
  };
  console.log(JSON.stringify({ results, threads, byName: await byName() }));
}

if (!isMainThread && process.argv[2] === 'thread') parentPort.postMessage(String(spawnSync(bin).stdout));
else if (process.argv[2] === 'say') {
  for (const [name, value] of Object.entries(process.env)) console.log(`${name}=${value}`);
  // A worker of a cluster would go on.
  process.disconnect?.();
} else main();
