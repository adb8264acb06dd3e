const { EventEmitter } = require('node:events');
const { inspect, inherits, types } = require('node:util');
const threads = require('node:worker_threads');
const { declared, frozen, thrown, watch } = require('./parts/threads.cjs');

const { Worker } = threads;

exports.title = 'worker_threads: the class and its arguments';
exports.points = ['thread', 'thread_main'];

const say = `require('node:worker_threads').parentPort.postMessage`;

exports.cases = {
  'the module': async (seen) => {
    seen('exports', declared(threads));
    const namespace = await import('node:worker_threads');
    seen('as a module', [namespace.Worker === Worker, namespace.default === threads]);
    seen('names', Object.keys(namespace));
    seen('printed', inspect(threads, { depth: 0 }).replaceAll(/\d+/g, '0'));
    seen('required without its scheme', require('worker_threads') === threads);
    seen('a builtin', process.getBuiltinModule?.('worker_threads') === threads || !process.getBuiltinModule);
  },

  'the class': async (seen) => {
    seen('Worker', Worker);
    seen('printed', inspect(Worker));
    seen('own', declared(Worker));
    seen('prototype', declared(Worker.prototype));
    seen('chain', [
      Object.getPrototypeOf(Worker) === EventEmitter,
      Object.getPrototypeOf(Worker.prototype) === EventEmitter.prototype,
      Worker.prototype.constructor === Worker,
      Object.isFrozen(Worker),
      Object.isExtensible(Worker),
      types.isProxy(Worker) || types.isProxy(Worker.prototype),
    ]);
    seen(
      'is not writable',
      thrown(() => void (Worker.prototype = {})),
    );
  },

  'the text of the class': async (seen) => {
    seen('toString', Function.prototype.toString.call(Worker));
  },

  'calls that make no thread': async (seen) => {
    seen(
      'without new',
      thrown(() => Worker('0', { eval: true })),
    );
    seen(
      'with call',
      thrown(() => Worker.call({}, '0')),
    );
    seen(
      'applied',
      thrown(() => Reflect.apply(Worker, undefined, [])),
    );
    seen(
      'as the base of a function',
      thrown(() => {
        function Own() {
          Worker.call(this, '0', { eval: true });
        }
        inherits(Own, Worker);
        return new Own();
      }),
    );
    const empty = Object.create(Worker.prototype);
    seen('an object that is none', empty instanceof Worker);
    seen(
      'its getter',
      thrown(() => empty.stdin),
    );
  },

  'arguments that throw': async (seen) => {
    const bad = [
      [],
      [5],
      [null],
      ['relative.js'],
      ['http://127.0.0.1/'],
      [new URL('http://127.0.0.1/')],
      [{}, {}],
      [new URL('file:///thread.js'), { eval: true }],
      ['0', null],
      ['0', { eval: true, execArgv: 5 }],
      ['0', { eval: true, execArgv: 'x' }],
      ['0', { eval: true, execArgv: ['--no-such-flag', '--title=x'] }],
      ['0', { eval: true, execArgv: [Symbol('argument')] }],
      ['0', { eval: true, argv: 'x' }],
      ['0', { eval: true, env: 5 }],
      ['0', { eval: true, env: { A: Symbol('value') } }],
      ['0', { eval: true, env: { NODE_OPTIONS: '--no-such-flag' } }],
      ['0', { eval: true, name: 5 }],
      ['0', { eval: true, workerData: () => {} }],
      ['0', { eval: true, workerData: Symbol('data') }],
      ['0', { eval: true, transferList: [{}] }],
      ['0', { eval: true, workerData: new threads.MessageChannel().port1 }],
    ];
    for (const [i, args] of bad.entries())
      seen(
        `number ${i}`,
        thrown(() => new Worker(...args)),
      );
  },

  'getters that throw': async (seen) => {
    for (const name of ['execArgv', 'eval', 'name', 'env', 'argv', 'workerData', 'stdin', 'resourceLimits']) {
      const options = {
        eval: true,
        get [name]() {
          throw new RangeError(`no ${name}`);
        },
      };
      seen(
        name,
        thrown(() => new Worker('0', options)),
      );
    }
  },

  'odd options': async (seen) => {
    class Lazy {
      #code = true;
      #data = { lazy: true };
      get eval() {
        return this.#code;
      }
      get workerData() {
        return this.#data;
      }
    }
    class Hidden extends Lazy {
      #env = { HIDDEN: 'yes' };
      constructor() {
        super();
        Object.defineProperty(this, 'env', { get: () => this.#env });
      }
    }
    const calls = new Set();
    const proxy = new Proxy(
      { eval: true, env: { PROXY: '1' } },
      {
        get(target, name, receiver) {
          calls.add(String(name));
          return Reflect.get(target, name, receiver);
        },
      },
    );
    const code = `${say}([require('node:worker_threads').workerData, Object.keys(process.env).slice(0, 3)])`;
    const given = {
      hidden: new Hidden(),
      inherited: Object.create({ eval: true, env: { INHERITED: '1' } }),
      proxy,
      frozen: frozen({ eval: true, env: { FROZEN: '1' }, execArgv: [], argv: ['a'], workerData: { a: [1] } }),
      'without a prototype': Object.assign(Object.create(null), { eval: true, env: {}, execArgv: null }),
    };
    const logs = await Promise.all(Object.values(given).map((options) => watch(new Worker(code, options))));
    for (const [i, name] of Object.keys(given).entries()) {
      const isInherited = !('env' in given[name]);
      seen(name, isInherited ? logs[i].exit : logs[i]);
    }
    seen(
      'read of a proxy',
      [...calls].toSorted((a, b) => a.localeCompare(b)),
    );
    seen('unchanged', given.frozen);
    seen(
      'text instead of options',
      thrown(() => new Worker('0', 'text')),
    );
  },
};

exports.except = {
  'the text of the class': {
    variants: ['idle', 'beside', 'traced'],
    because: "The class is a twin of Node's, so `Function.prototype.toString` gives its own text.",
  },
};
