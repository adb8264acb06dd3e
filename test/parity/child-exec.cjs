const childProcess = require('node:child_process');
const { AsyncLocalStorage } = require('node:async_hooks');
const { inspect, promisify } = require('node:util');
const { follow, shape, steady } = require('./parts/children.cjs');
const { frozen, listeners, thrown } = require('./parts/threads.cjs');

const { ChildProcess, exec, execFile } = childProcess;

exports.title = 'child_process: exec and execFile';
exports.points = ['command'];

/** What a callback was given. */
const called = (start) =>
  new Promise((resolve) => {
    const child = start(function (...args) {
      steady(args[0]);
      resolve({
        args,
        count: arguments.length,
        self: this === undefined || this === globalThis,
        killed: child?.killed,
      });
    });
  });

exports.cases = {
  'exec with a callback': async (seen) => {
    const lines = {
      output: ['echo out; echo err >&2'],
      'an exit code': ['echo out; exit 3'],
      'a signal': ['kill -9 $$'],
      missing: ['no-such-command-at-all 2>/dev/null'],
      'an encoding': ['printf caf\\\\303\\\\251', { encoding: 'latin1' }],
      bytes: ['echo out; exit 1', { encoding: 'buffer' }],
      'no encoding': ['echo out', { encoding: null }],
      'too much': ['printf %040d 1; exec sleep 10', { maxBuffer: 25 }],
      'too much on stderr': ['printf %040d 1 >&2; exec sleep 10', { maxBuffer: 25 }],
      'a timeout': ['exec sleep 10', { timeout: 20 }],
      'a timeout with a signal': ['exec sleep 10', { timeout: 20, killSignal: 'SIGKILL' }],
      'another shell': ['echo $0', { shell: '/bin/sh' }],
      'a missing shell': ['echo', { shell: '/no/such/shell' }],
      'a folder': ['pwd', { cwd: '/' }],
      'a missing folder': ['pwd', { cwd: '/no/such/folder' }],
      'an environment': ['echo $A$B', { env: { A: 1, B: undefined } }],
      aborted: ['exec sleep 10', { signal: AbortSignal.timeout(20) }],
      'aborted before': ['exec sleep 10', { signal: AbortSignal.abort('why') }],
      frozen: ['echo $A', frozen({ env: { A: 'frozen' }, maxBuffer: 100 })],
    };
    const names = Object.keys(lines);
    const given = inspect(lines.frozen);
    const results = [];
    for (const name of names) results.push(await called((callback) => exec(...lines[name], callback)));
    for (const [i, name] of names.entries()) seen(name, results[i]);
    seen('unchanged', inspect(lines.frozen) === given);
  },

  'execFile with a callback': async (seen) => {
    const calls = {
      output: ['echo', ['out']],
      'without arguments': ['true'],
      'options alone': ['pwd', { cwd: '/' }],
      'null arguments': ['echo', null, { cwd: '/' }],
      'an exit code': ['sh', ['-c', 'echo out; echo err >&2; exit 3']],
      missing: ['no-such-command', ['a']],
      'a shell': ['echo $0', { shell: true }],
      'too much': ['sh', ['-c', 'printf %040d 1; exec sleep 10'], { maxBuffer: 25 }],
      'a timeout': ['sleep', ['10'], { timeout: 20, killSignal: 'SIGINT' }],
      aborted: ['sleep', ['10'], { signal: AbortSignal.timeout(20) }],
      bytes: ['echo', ['out'], { encoding: 'buffer' }],
      'a name': ['sh', ['-c', 'echo $0'], { argv0: 'other' }],
      'as somebody else': ['id', ['-u'], { uid: process.getuid(), gid: process.getgid() }],
    };
    for (const [name, args] of Object.entries(calls)) {
      seen(name, await called((callback) => execFile(...args, callback)));
    }
    const child = execFile('cat', (error, stdout) => seen('input', [steady(error), stdout]));
    seen('shape', shape(child));
    seen('listeners', [child, child.stdout, child.stderr].map(listeners));
    seen('followed', await follow(child, 'to the input'));
    seen('without a callback', await follow(execFile('sh', ['-c', 'echo out; exit 1'])));
    seen('missing, without a callback', await follow(execFile('no-such-command')));
  },

  promisified: async (seen) => {
    const run = promisify(exec);
    const runFile = promisify(execFile);
    seen('functions', [run, runFile]);
    seen('printed', inspect([run, runFile]));
    const promise = run('echo out; echo err >&2');
    seen('promise', [
      promise.constructor === Promise,
      Object.keys(promise),
      promise.child instanceof ChildProcess,
    ]);
    seen('child', shape(promise.child));
    seen('exec', await promise);
    seen('execFile', await runFile('echo', ['out']));
    const failing = [
      () => run('echo out; echo err >&2; exit 3'),
      () => runFile('sh', ['-c', 'echo out; kill -15 $$']),
      () => runFile('no-such-command', ['a']),
      () => run('printf %040d 1; exec sleep 10', { maxBuffer: 25 }),
      () => runFile('sleep', ['10'], { timeout: 20 }),
      () => runFile('sleep', ['10'], { signal: AbortSignal.abort() }),
      () => run('exec sleep 10', { signal: AbortSignal.timeout(20) }),
    ];
    for (const start of failing) {
      const error = await start().catch(steady);
      seen(String(start), [
        error,
        error.cmd,
        error.killed,
        error.stdout,
        error.stderr,
        error.signal,
        Object.keys(error),
      ]);
    }
    seen(
      'wrong',
      thrown(() => run(5)),
    );
    const own = promisify(childProcess.exec);
    seen('again', (await own('echo again')).stdout);
  },

  'promises of other makers': async (seen) => {
    const Bluebird = require('bluebird');
    const bound = Bluebird.promisify(exec, { multiArgs: true });
    seen('bluebird', await bound('echo out'));
    const original = globalThis.Promise;
    class Own extends original {}
    globalThis.Promise = Own;
    const promise = promisify(execFile)('echo', ['out']);
    globalThis.Promise = original;
    seen('own', [promise instanceof Own, await promise]);
  },

  'where callbacks run': async (seen) => {
    const storage = new AsyncLocalStorage();
    await storage.run('calling', async () => {
      const { stdout } = await promisify(exec)('echo out');
      seen('after an await', [stdout, storage.getStore()]);
      await new Promise((resolve) => {
        const child = exec('echo out', () => {
          seen('in the callback', storage.getStore());
          resolve();
        });
        child.on('exit', () => seen('in a listener', storage.getStore()));
      });
    });
  },

  'arguments that throw': async (seen) => {
    const none = () => {};
    const list = [
      [exec],
      [exec, 5],
      [exec, ''],
      [exec, 'a\0b'],
      [exec, 'echo', { maxBuffer: -1 }, none],
      [exec, 'echo', { timeout: -1 }, none],
      [exec, 'echo', { shell: 5 }, none],
      [exec, 'echo', { cwd: 5 }, none],
      [exec, 'echo', { signal: 'none' }, none],
      [exec, 'echo', {}, 5],
      [execFile],
      [execFile, 5],
      [execFile, ''],
      [execFile, 'echo', 5],
      [execFile, 'echo', [], 5],
      [execFile, 'echo', [], {}, 5],
      [execFile, 'echo', ['a\0']],
      [execFile, 'echo', [], { maxBuffer: '1' }, none],
      [execFile, 'echo', [], { killSignal: 'SIGNONE' }, none],
      [execFile, 'echo', [], { argv0: 5 }, none],
      [execFile, 'echo', [], { env: { A: '\0' } }, none],
    ];
    for (const [start, ...args] of list)
      seen(
        `${start.name} ${inspect(args)}`,
        thrown(() => shape(start(...args))),
      );
  },
};

exports.ends = {
  'a rejection that nobody handles': async () => {
    promisify(execFile)('no-such-command', ['a']);
  },
  'a throw in a callback': async () => {
    execFile('no-such-command', (error) => {
      throw new RangeError(`in the callback: ${error.code}`);
    });
  },
};
