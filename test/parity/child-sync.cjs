const childProcess = require('node:child_process');
const { closeSync, mkdtempSync, openSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { inspect } = require('node:util');
const { outcome } = require('./parts/children.cjs');
const { thrown } = require('./parts/threads.cjs');

const { execFileSync, execSync, spawnSync } = childProcess;

exports.title = 'child_process: the synchronous calls';
exports.points = ['command'];

/** What each call of a table gave or threw. */
function table(seen, rows) {
  for (const [name, [call, ...args]] of Object.entries(rows))
    seen(
      name,
      outcome(() => call(...args)),
    );
}

exports.cases = {
  spawnSync: async (seen) => {
    table(seen, {
      output: [spawnSync, 'sh', ['-c', 'echo out; echo err >&2; exit 3']],
      encoded: [spawnSync, 'echo', ['out'], { encoding: 'utf8' }],
      'without arguments': [spawnSync, 'true'],
      'options alone': [spawnSync, 'pwd', { cwd: '/' }],
      'null arguments': [spawnSync, 'pwd', null, { cwd: '/' }],
      'undefined arguments': [spawnSync, 'pwd', undefined, { cwd: '/usr' }],
      'a URL': [spawnSync, 'pwd', [], { cwd: pathToFileURL('/usr') }],
      input: [spawnSync, 'cat', [], { input: 'text' }],
      'input of bytes': [spawnSync, 'cat', [], { input: new Uint8Array([104, 105]) }],
      'a signal': [spawnSync, 'sh', ['-c', 'kill -9 $$']],
      missing: [spawnSync, 'no-such-command', ['a']],
      'a missing folder': [spawnSync, 'true', [], { cwd: '/no/such/folder' }],
      'a timeout': [spawnSync, 'sleep', ['10'], { timeout: 20 }],
      'a timeout with a signal': [spawnSync, 'sleep', ['10'], { timeout: 20, killSignal: 'SIGKILL' }],
      'too much': [
        spawnSync,
        'sh',
        ['-c', 'printf %040d 1; exec sleep 10'],
        { maxBuffer: 25, encoding: 'utf8' },
      ],
      'a shell': [spawnSync, 'echo $0', { shell: true }],
      'a shell by its path': [spawnSync, 'echo $0', [], { shell: '/bin/sh' }],
      'a missing shell': [spawnSync, 'echo', [], { shell: '/no/such/shell' }],
      ignored: [spawnSync, 'echo', ['out'], { stdio: 'ignore' }],
      'more pipes': [
        spawnSync,
        'sh',
        ['-c', 'echo extra >&3'],
        { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
      ],
      'a name': [spawnSync, 'sh', ['-c', 'echo $0'], { argv0: 'other' }],
      'as oneself': [
        spawnSync,
        'true',
        [],
        { uid: process.getuid(), gid: process.getgid(), windowsHide: true },
      ],
    });
    const result = spawnSync('echo', ['out']);
    seen('keys', [
      Object.keys(result),
      inspect(result).replace(/pid: \d+/, 'pid'),
      Object.getPrototypeOf(result) === Object.prototype,
    ]);
    seen('input and output', [result.output[1] === result.stdout, result.output[2] === result.stderr]);
  },

  'execFileSync and execSync': async (seen) => {
    table(seen, {
      file: [execFileSync, 'echo', ['out']],
      'file, encoded': [execFileSync, 'echo', ['out'], { encoding: 'utf8' }],
      'file, an exit code': [execFileSync, 'sh', ['-c', 'echo out; echo err >&2; exit 4'], { stdio: 'pipe' }],
      'file, missing': [execFileSync, 'no-such-command', ['a']],
      'file, options alone': [execFileSync, 'pwd', { cwd: '/' }],
      'file, ignored': [execFileSync, 'echo', ['out'], { stdio: 'ignore' }],
      'file, a shell': [execFileSync, 'echo $0', { shell: true, encoding: 'utf8' }],
      'file, input': [execFileSync, 'cat', { input: 'text', encoding: 'hex' }],
      'file, a timeout': [execFileSync, 'sleep', ['10'], { timeout: 20 }],
      'file, too much': [execFileSync, 'sh', ['-c', 'printf %040d 1; exec sleep 10'], { maxBuffer: 25 }],
      line: [execSync, 'echo out'],
      'line, encoded': [execSync, 'echo out', { encoding: 'utf8' }],
      'line, an exit code': [execSync, 'echo out; echo err >&2; exit 5', { stdio: 'pipe', encoding: 'utf8' }],
      'line, missing': [execSync, 'no-such-command-at-all 2>/dev/null'],
      'line, a missing shell': [execSync, 'echo', { shell: '/no/such/shell' }],
      'line, a signal': [execSync, 'kill -15 $$', { killSignal: 9 }],
      'line, input': [execSync, 'cat; echo $A', { input: 'text', env: { A: 'a' }, encoding: 'utf8' }],
      'line, a timeout': [execSync, 'exec sleep 10', { timeout: 20, killSignal: 'SIGINT' }],
    });
    const error = thrown(() => execFileSync('sh', ['-c', 'echo out; exit 6'], { stdio: 'pipe' }));
    seen('own', [
      Object.keys(error),
      String(error.stdout),
      error.output.length,
      typeof error.pid,
      error.constructor === Error,
    ]);
  },

  'arguments that throw': async (seen) => {
    const rows = [
      [],
      [5],
      [''],
      ['a\0b'],
      ['echo', 5],
      ['echo', 'text'],
      ['echo', [], 5],
      ['echo', [], null],
      ['echo', ['a\0']],
      ['echo', [Symbol('argument')]],
      ['echo', [{ toString: () => 'an object' }]],
      ['echo', [], { cwd: 5 }],
      ['echo', [], { env: { A: '\0' } }],
      ['echo', [], { env: { A: Symbol('value') } }],
      ['echo', [], { env: 'text' }],
      ['echo', [], { shell: 5 }],
      ['echo', [], { stdio: 'none' }],
      ['echo', [], { stdio: ['ipc'] }],
      ['echo', [], { timeout: -1 }],
      ['echo', [], { maxBuffer: 'x' }],
      ['echo', [], { killSignal: 'SIGNONE' }],
      ['echo', [], { input: 5 }],
      ['echo', [], { uid: 'x' }],
      ['echo', [], { argv0: 5 }],
    ];
    for (const args of rows) {
      for (const call of [spawnSync, execFileSync])
        seen(
          `${call.name} ${inspect(args)}`,
          outcome(() => call(...args)),
        );
    }
    for (const args of [
      [],
      [5],
      [''],
      ['a\0'],
      ['echo', 5],
      ['echo', null],
      ['echo', { shell: 5 }],
      ['echo', { maxBuffer: -1 }],
    ]) {
      seen(
        `execSync ${inspect(args)}`,
        outcome(() => execSync(...args)),
      );
    }
    for (const name of ['shell', 'env', 'cwd', 'stdio', 'input']) {
      const options = {
        get [name]() {
          throw new RangeError(`no ${name}`);
        },
      };
      seen(`a getter of ${name}`, [
        thrown(() => spawnSync('echo', options)),
        thrown(() => execSync('echo', options)),
      ]);
    }
  },

  'descriptors of the process': async (seen) => {
    const folder = mkdtempSync(join(tmpdir(), 'parity-'));
    const fd = openSync(join(folder, 'out'), 'w+');
    seen(
      'written',
      outcome(() => execSync('echo out; echo err >&2', { stdio: ['ignore', fd, fd] })),
    );
    seen('read', readFileSync(join(folder, 'out'), 'utf8'));
    closeSync(fd);
    rmSync(folder, { recursive: true });
    seen(
      'closed',
      outcome(() => spawnSync('echo', ['x'], { stdio: ['ignore', 9999, 'pipe'] })),
    );
  },
};

exports.ends = {
  'a failing command that nobody handles': async () => {
    execSync('echo to stderr >&2; exit 7');
  },
  'what is inherited': async () => {
    execFileSync('sh', ['-c', 'echo out; echo err >&2'], { stdio: 'inherit' });
    spawnSync('sh', ['-c', 'echo out 2'], { stdio: ['ignore', 'inherit', 'inherit'] });
    process.exitCode = spawnSync('sh', ['-c', 'exit 8']).status;
  },
};
