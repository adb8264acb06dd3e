const { spawn } = require('node:child_process');
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { closeSync, createWriteStream, mkdtempSync, openSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { environment, follow, shape } = require('./parts/children.cjs');
const { frozen, thrown } = require('./parts/threads.cjs');

exports.title = 'child_process: the options of spawn';
exports.points = ['command'];

const sh = (line, options) => spawn('sh', ['-c', line], options);

exports.cases = {
  'where and as whom': async (seen) => {
    seen('a folder', await follow(spawn('pwd', { cwd: '/' })));
    seen('a URL', await follow(spawn('pwd', { cwd: pathToFileURL('/usr') })));
    seen('another name', await follow(spawn('sh', ['-c', 'echo $0'], { argv0: 'other' })));
    seen('an empty name', await follow(spawn('sh', ['-c', 'echo $0'], { argv0: '' })));
    const { uid, gid } = { uid: process.getuid(), gid: process.getgid() };
    seen('as oneself', (await follow(spawn('true', { uid, gid }))).events);
    seen(
      'as nobody that is',
      thrown(() => shape(spawn('true', { uid: -5 }))),
    );
    const other = thrown(() => spawn('id', ['-u'], { uid: 65_534 }));
    seen('as somebody else', other instanceof Error ? other : await follow(other[1]));
    seen(
      'detached',
      (await follow(spawn('true', { detached: true, windowsHide: true, windowsVerbatimArguments: true })))
        .events,
    );
  },

  shells: async (seen) => {
    seen('true', await follow(spawn('echo $0; exit 4', { shell: true })));
    seen('a path', await follow(spawn('echo $0', { shell: '/bin/sh' })));
    seen('a missing one', await follow(spawn('echo', { shell: '/no/such/shell' })));
    seen('nothing', await follow(spawn('true', { shell: '' })));
    seen('a list', await follow(spawn('echo', ['a b', '$0'], { shell: true })));
    seen(
      'an environment',
      await follow(spawn('echo $A $B', { shell: true, env: { A: 1, PATH: process.env.PATH } })),
    );
  },

  streams: async (seen) => {
    const folder = mkdtempSync(join(tmpdir(), 'parity-'));
    const file = join(folder, 'out');
    const fd = openSync(file, 'w');
    for (const stdio of [
      'pipe',
      'ignore',
      'overlapped',
      [],
      ['pipe', null, undefined],
      [null, fd, fd],
      ['ignore', 'pipe', 'ignore', 'pipe'],
      [0, 'overlapped', 'ignore'],
    ]) {
      const given = JSON.stringify(stdio);
      const child = sh('echo out; echo err >&2; echo extra >&3', {
        stdio,
      });
      let extra = '';
      child.stdio[3]?.setEncoding('utf8').on('data', (chunk) => (extra += chunk));
      seen(given.replaceAll(String(fd), 'fd'), [
        shape(child)[7],
        await follow(child),
        extra,
        JSON.stringify(stdio) === given,
      ]);
    }
    closeSync(fd);
    const stream = createWriteStream(file, { flags: 'a' });
    await once(stream, 'open');
    seen('a stream', (await follow(sh('echo stream', { stdio: ['ignore', stream, 'inherit'] }))).events);
    stream.end();
    await once(stream, 'close');
    seen('written', readFileSync(file, 'utf8'));
    const source = spawn('echo', ['through']);
    const sink = spawn('cat', { stdio: [source.stdout, 'pipe', 'pipe'] });
    seen('chained', await Promise.all([once(source, 'exit'), follow(sink)]));
    const unopened = createWriteStream(file);
    const notOpen = thrown(() => spawn('true', { stdio: [unopened] }));
    seen('not open', [notOpen.code, notOpen.message.split('Received')[0]]);
    await once(unopened, 'open');
    unopened.destroy();
    rmSync(folder, { recursive: true });
  },

  'stopping it': async (seen) => {
    seen('a timeout', await follow(spawn('sleep', ['10'], { timeout: 20 })));
    seen(
      'a timeout and a signal',
      await follow(spawn('sleep', ['10'], { timeout: 20, killSignal: 'SIGKILL' })),
    );
    seen('a timeout that is not reached', await follow(spawn('true', { timeout: 10_000 })));
    const controller = new AbortController();
    const child = spawn('sleep', ['10'], { signal: controller.signal });
    const log = follow(child);
    await once(child, 'spawn');
    controller.abort();
    seen('aborted', await log);
    seen(
      'aborted before',
      await follow(spawn('sleep', ['10'], { signal: AbortSignal.abort(new RangeError('why')) })),
    );
    const signal = AbortSignal.timeout(10_000);
    seen('not aborted', await follow(spawn('true', { signal, killSignal: 9 })));
    seen(
      'aborted with its signal',
      await follow(spawn('sleep', ['10'], { signal: AbortSignal.timeout(20), killSignal: 'SIGINT' })),
    );
    const ended = new AbortController();
    seen('aborted after', await follow(spawn('true', { signal: ended.signal })));
    seen('late', ended.abort());
  },

  'options that the caller keeps': async (seen) => {
    const options = frozen({
      cwd: '/',
      env: { A: '1', PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
    });
    const args = Object.freeze(['-c', 'echo $A $(pwd)']);
    const child = spawn('sh', args, options);
    seen('frozen', await follow(child));
    seen('unchanged', [options, args, child.spawnargs === args]);
    class Own {
      #folder = '/usr';
      constructor() {
        Object.defineProperty(this, 'cwd', { enumerable: true, get: () => this.#folder });
      }
    }
    seen('a getter', await follow(spawn('pwd', new Own())));
    seen('inherited', await follow(sh('echo $A', Object.create({ env: { A: 'inherited' } }))));
    seen(
      'without a prototype',
      await follow(sh('echo $A', Object.assign(Object.create(null), { env: { A: 'null' } }))),
    );
    const reads = [];
    const proxy = new Proxy(
      { env: { A: 'proxy', PATH: process.env.PATH } },
      { get: (target, name) => (reads.push(String(name)), target[name]) },
    );
    seen('a proxy', await follow(sh('echo $A', proxy)));
    seen('read', reads);
    seen('undefined', await follow(spawn('true', undefined, undefined)));
    seen('null arguments', await follow(spawn('true', null, {})));
  },

  environments: async (seen) => {
    const base = { PATH: process.env.PATH };
    const names = Object.keys(process.env);
    const envs = {
      inherited: undefined,
      null: null,
      empty: {},
      values: {
        ...base,
        NUMBER: 1,
        BOOLEAN: true,
        NULL: null,
        UNSET: undefined,
        EMPTY: '',
        LIST: [1, 2],
        'WITH SPACE': 'a=b',
      },
      'with a prototype': Object.assign(Object.create({ INHERITED: 'yes' }), base),
      frozen: frozen({ ...base, A: '1' }),
      'of the process': process.env,
      'a copy of the process': { ...process.env },
      'names of ours': { ...base, OSTRACE: '1', NODE_OPTIONS: '', TRACE: 'a' },
    };
    for (const [name, env] of Object.entries(envs)) {
      const { out, events } = await follow(spawn('/usr/bin/env', { env }));
      seen(name, [environment(out), events]);
    }
    seen('unchanged', [Object.keys(process.env).join() === names.join(), envs.values, envs.frozen]);
    for (const line of ['env', 'env -i env', 'env -u PATH /usr/bin/env', 'A=1 sh -c env']) {
      seen(line, environment((await follow(sh(line))).out));
    }
    const key = 'PARITY_LATE';
    process.env[key] = 'late';
    seen('set later', environment((await follow(sh('env'))).out).includes(`${key}=late`));
    delete process.env[key];
  },

  'the storages of the application': async (seen) => {
    const storage = new AsyncLocalStorage();
    await storage.run('spawning', async () => {
      const child = spawn('sh', ['-c', 'read a; echo $a']);
      for (const event of ['spawn', 'exit', 'close']) child.on(event, () => seen(event, storage.getStore()));
      child.stdout.on('data', (data) => seen(`data ${data}`, storage.getStore()));
      storage.run('writing', () => child.stdin.end('text\n', () => seen('written', storage.getStore())));
      await once(child, 'close');
      const missing = spawn('no-such-command');
      missing.on('error', () => seen('error', storage.getStore()));
      const closed = new Promise((resolve) => missing.on('close', resolve));
      storage.run('later', () => missing.on('close', () => seen('close', storage.getStore())));
      await closed;
      await new Promise((resolve) => setImmediate(resolve));
    });
    seen('outside', storage.getStore());
  },
};
