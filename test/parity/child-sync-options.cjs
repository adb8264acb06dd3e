const { execFileSync, execSync, spawnSync } = require('node:child_process');
const { environment, outcome } = require('./parts/children.cjs');
const { frozen } = require('./parts/threads.cjs');

exports.title = 'child_process: options and environments of the synchronous calls';
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
  'options that the caller keeps': async (seen) => {
    const options = frozen({
      cwd: '/',
      env: { A: '1', PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    const args = Object.freeze(['-c', 'echo $A']);
    table(seen, {
      'spawnSync, frozen': [spawnSync, 'sh', args, options],
      'execFileSync, frozen': [execFileSync, 'sh', args, options],
      'execSync, frozen': [execSync, 'echo $A', options],
    });
    seen('unchanged', [options, args]);
    class Own {
      #folder = '/usr';
      #env = { A: 'private' };
      constructor() {
        Object.defineProperty(this, 'cwd', { enumerable: true, get: () => this.#folder });
        Object.defineProperty(this, 'env', {
          enumerable: true,
          get() {
            return this.#env;
          },
        });
      }
    }
    const reads = [];
    const proxy = new Proxy(
      { env: { A: 'proxy' } },
      { get: (target, name) => (reads.push(String(name)), target[name]) },
    );
    const strict = new Proxy(
      { A: 'strict' },
      {
        get(target, name) {
          if (!(name in target)) throw new ReferenceError(`no ${String(name)}`);
          return target[name];
        },
      },
    );
    table(seen, {
      'private fields': [spawnSync, '/bin/sh', ['-c', 'echo $A $PWD'], new Own()],
      'a proxy': [spawnSync, '/bin/sh', ['-c', 'echo $A'], proxy],
      'an environment that is a proxy': [spawnSync, '/bin/sh', ['-c', 'echo $A'], { env: strict }],
      inherited: [spawnSync, '/bin/sh', ['-c', 'echo $A'], Object.create({ env: { A: 'inherited' } })],
      'not enumerable': [
        spawnSync,
        '/bin/sh',
        ['-c', 'echo $A'],
        Object.defineProperty({}, 'env', { value: { A: 'hidden' } }),
      ],
      'without a prototype': [
        spawnSync,
        '/bin/sh',
        ['-c', 'echo $A'],
        Object.assign(Object.create(null), { env: { A: 'null' } }),
      ],
    });
    seen('read', [...new Set(reads)]);
    const lazy = {
      calls: 0,
      get encoding() {
        this.calls++;
        return 'utf8';
      },
    };
    seen('a getter', [outcome(() => spawnSync('echo', ['out'], lazy)), lazy.calls]);
  },

  environments: async (seen) => {
    const names = Object.keys(process.env);
    const envs = {
      inherited: undefined,
      null: null,
      false: false,
      empty: {},
      values: { NUMBER: 1, BOOLEAN: false, NULL: null, UNSET: undefined, EMPTY: '', 'WITH SPACE': 'a=b' },
      'with a prototype': Object.assign(Object.create({ INHERITED: 'yes' }), { OWN: 'own' }),
      'of the process': process.env,
      'a copy of the process': { ...process.env },
    };
    for (const [name, env] of Object.entries(envs)) {
      const { stdout, error } = spawnSync('/usr/bin/env', { env, encoding: 'utf8' });
      seen(name, [environment(stdout), error]);
      seen(`${name}, by a shell`, environment(execSync('/usr/bin/env', { env, encoding: 'utf8' })));
      seen(`${name}, by a file`, environment(execFileSync('/usr/bin/env', [], { env, encoding: 'utf8' })));
    }
    seen('cleared', environment(execSync('env -i env', { encoding: 'utf8' })));
    seen('unchanged', [Object.keys(process.env).join() === names.join(), envs.values]);
  },
};
