const childProcess = require('node:child_process');
const { EventEmitter, once } = require('node:events');
const { inspect } = require('node:util');
const { follow, shape } = require('./parts/children.cjs');
const { declared, listeners, thrown } = require('./parts/threads.cjs');

const { ChildProcess, spawn } = childProcess;

exports.title = 'child_process: the module, and spawn';
exports.points = ['command'];

exports.cases = {
  'the module': async (seen) => {
    seen('exports', declared(childProcess));
    seen('ChildProcess', ChildProcess);
    seen('prototype', declared(ChildProcess.prototype));
    seen('chain', [
      Object.getPrototypeOf(ChildProcess) === EventEmitter,
      ChildProcess.prototype.constructor === ChildProcess,
    ]);
    seen('printed', inspect(childProcess));
    const namespace = await import('node:child_process');
    seen(
      'as a module',
      Object.entries(namespace).filter(([name, value]) => name !== 'default' && value !== childProcess[name]),
    );
    const custom = Symbol.for('nodejs.util.promisify.custom');
    seen(
      'promisified',
      ['exec', 'execFile', 'spawn', 'fork', 'execSync'].map((name) => typeof childProcess[name][custom]),
    );
  },

  'a command': async (seen) => {
    const child = spawn('sh', ['-c', 'cat; echo err >&2; exit 3']);
    seen('class', [
      child instanceof ChildProcess,
      child.constructor === ChildProcess,
      child instanceof EventEmitter,
    ]);
    seen('shape', shape(child));
    seen('keys', Object.keys(child));
    seen(
      'own',
      declared(child).map(([name, kind, , flags]) => [name, kind, flags]),
    );
    seen(
      'printed',
      inspect(child, { depth: 0 })
        .replaceAll(/\d+/g, '0')
        .replaceAll(/\n *\[Symbol\(async_id_symbol\)\].*/g, ''),
    );
    seen('listeners', [child, child.stdin, child.stdout, child.stderr].map(listeners));
    seen('chained', [child.on('x', () => {}) === child, child.ref(), child.unref(), child.ref()]);
    seen('log', await follow(child, 'input'));
  },

  'order and once': async (seen) => {
    const child = spawn('true');
    const order = [];
    process.nextTick(() => order.push('tick'));
    Promise.resolve().then(() => order.push('microtask'));
    for (const event of ['spawn', 'exit', 'close']) {
      child.once(event, function (...args) {
        order.push([event, args, this === child, arguments.length]);
      });
    }
    order.push('returned');
    seen('once', await Promise.all([once(child, 'spawn'), once(child, 'exit'), once(child, 'close')]));
    seen('order', order);
    seen('listeners', listeners(child));
    const missing = spawn('no-such-command');
    seen('once, missing', await once(missing, 'spawn').catch((error) => error));
    const prepended = spawn('true');
    const heard = [];
    prepended.on('exit', () => heard.push('second'));
    prepended.prependListener('exit', () => heard.push('first'));
    prepended.on(EventEmitter.errorMonitor, () => {});
    await once(prepended, 'close');
    seen('prepended', heard);
  },

  'a missing command': async (seen) => {
    const child = spawn('no-such-command', ['a', 'b']);
    seen('shape', shape(child));
    seen('log', await follow(child));
    seen('a folder', await follow(spawn('/')));
    seen('not executable', await follow(spawn(__filename)));
    seen('a missing folder', await follow(spawn('true', { cwd: '/no/such/folder' })));
    seen('signals', [child.kill(), child.killed]);
  },

  signals: async (seen) => {
    for (const signal of [undefined, 'SIGKILL', 'SIGINT', 15]) {
      const child = spawn('sleep', ['10']);
      const log = follow(child);
      seen('killed', [child.kill(signal), child.killed]);
      seen(String(signal), await log);
    }
    const child = spawn('cat');
    seen('zero', [child.kill(0), child.killed]);
    seen('wrong', [thrown(() => child.kill('SIGNONE')), thrown(() => child.kill(200))]);
    const log = follow(child, '');
    seen('ended', await log);
    seen('again', [child.kill(), child.killed]);
    if (Symbol.dispose in ChildProcess.prototype) {
      const disposed = spawn('sleep', ['10']);
      const end = follow(disposed);
      seen('disposed', [disposed[Symbol.dispose](), disposed.killed]);
      seen('log', await end);
    }
  },

  'arguments that throw': async (seen) => {
    const list = [
      [],
      [5],
      [''],
      ['a\0b'],
      ['echo', 5],
      ['echo', ['a\0b']],
      ['echo', 'text'],
      ['echo', [], 5],
      ['echo', [], null],
      ['echo', [], []],
      ['echo', [], { cwd: 5 }],
      ['echo', [], { cwd: 'a\0b' }],
      ['echo', [], { detached: 1 }],
      ['echo', [], { uid: 'root' }],
      ['echo', [], { gid: 1.5 }],
      ['echo', [], { shell: 5 }],
      ['echo', [], { shell: 'a\0b' }],
      ['echo', [], { argv0: 5 }],
      ['echo', [], { windowsHide: 1 }],
      ['echo', [], { windowsVerbatimArguments: 1 }],
      ['echo', [], { env: { A: 'a\0b' } }],
      ['echo', [], { env: { A: Symbol('a') } }],
      ['echo', [], { stdio: 'none' }],
      ['echo', [], { stdio: ['none'] }],
      ['echo', [], { stdio: [{}] }],
      ['echo', [], { stdio: ['ipc', 'ipc'] }],
      ['echo', [], { stdio: ['ipc'], serialization: 'none' }],
      ['echo', [], { timeout: -1 }],
      ['echo', [], { timeout: 'a' }],
      ['echo', [], { killSignal: 'SIGNONE' }],
      ['echo', [], { signal: {} }],
    ];
    for (const args of list)
      seen(
        inspect(args),
        thrown(() => spawn(...args)),
      );
    seen(
      'without an argument',
      thrown(() => new ChildProcess().spawn()),
    );
    seen(
      'a wrong file',
      thrown(() => new ChildProcess().spawn({ file: 5 })),
    );
    seen(
      'wrong arguments',
      thrown(() => new ChildProcess().spawn({ file: 'echo', args: 5 })),
    );
    seen(
      'a wrong environment',
      thrown(() => new ChildProcess().spawn({ file: 'echo', envPairs: 5, stdio: ['ipc'] })),
    );
    seen(
      'of no child',
      thrown(() => ChildProcess.prototype.spawn.call({}, { file: 'echo' })),
    );
  },

  'a child that is made by hand': async (seen) => {
    const envPairs = Object.freeze(['A=1', 'PATH=/usr/bin:/bin']);
    const own = ['A=2', 'PATH=/usr/bin:/bin'];
    for (const options of [
      { file: 'sh', args: ['sh', '-c', 'echo $A'], envPairs },
      { file: 'sh', args: ['sh', '-c', 'echo $A'], envPairs: own },
      { file: 'true' },
    ]) {
      const child = new ChildProcess();
      seen('before', [child.spawnfile, child.pid, listeners(child)]);
      seen('spawned', child.spawn(options));
      seen('log', await follow(child));
      seen('options', [Object.keys(options), options.envPairs]);
    }
  },

  'methods that the application replaces': async (seen) => {
    const { spawn: original, kill } = ChildProcess.prototype;
    const calls = [];
    ChildProcess.prototype.spawn = function (...args) {
      calls.push(Object.keys(args[0]));
      return original.apply(this, args);
    };
    ChildProcess.prototype.kill = function (...args) {
      calls.push(args);
      return kill.apply(this, args);
    };
    const child = childProcess.spawn('sleep', ['10']);
    child.kill('SIGKILL');
    seen('log', await follow(child));
    seen('calls', calls);
    ChildProcess.prototype.spawn = original;
    ChildProcess.prototype.kill = kill;
    const { spawnSync } = childProcess;
    childProcess.spawnSync = (...args) => [spawnSync(...args).status, 'mine'];
    seen('replaced', childProcess.spawnSync('true'));
    childProcess.spawnSync = spawnSync;
    const emitted = [];
    const watched = spawn('true');
    const { emit } = watched;
    watched.emit = function (event, ...args) {
      emitted.push([event, args.length]);
      return Reflect.apply(emit, this, [event, ...args]);
    };
    await once(watched, 'close');
    seen('emitted', emitted);
  },
};

exports.ends = {
  'an error that nobody handles': async () => {
    spawn('no-such-command', ['a']);
  },
  'an exit code from a listener': async () => {
    spawn('false').on('exit', (code) => process.exit(code + 10));
  },
  'a throw in a listener': async () => {
    spawn('true', { stdio: 'ignore' }).on('exit', () => {
      throw new RangeError('in the listener');
    });
  },
  'a child that outlives its parent': async (seen) => {
    const child = spawn('sh', ['-c', 'sleep 0.2'], { detached: true, stdio: 'ignore' });
    child.unref();
    child.on('exit', () => console.log('never printed'));
    seen('group', process.kill(0 - child.pid, 0));
  },
  'a child that writes where its parent writes': async () => {
    spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: 'inherit' }).on('close', (...args) =>
      console.log(args),
    );
  },
};
