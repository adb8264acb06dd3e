const { EventEmitter, once } = require('node:events');
const { inspect, inherits, types } = require('node:util');
const threads = require('node:worker_threads');
const { declared, frozen, listeners, thrown, watch } = require('./parts/threads.cjs');

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
      ['0', { eval: true, argv: [Symbol('argument')] }],
      ['0', { eval: true, env: 5 }],
      ['0', { eval: true, env: { A: Symbol('value') } }],
      ['0', { eval: true, env: { NODE_OPTIONS: '--no-such-flag' } }],
      ['0', { eval: true, name: 5 }],
      ['0', { eval: true, workerData: () => {} }],
      ['0', { eval: true, workerData: Symbol('data') }],
      ['0', { eval: true, transferList: 5 }],
      ['0', { eval: true, transferList: [{}] }],
      ['0', { eval: true, workerData: new threads.MessageChannel().port1 }],
    ];
    for (const args of bad)
      seen(
        inspect(args),
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
      lazy: new Lazy(),
      hidden: new Hidden(),
      inherited: Object.create({ eval: true, env: { INHERITED: '1' } }),
      proxy,
      frozen: frozen({ eval: true, env: { FROZEN: '1' }, execArgv: [], argv: ['a'], workerData: { a: [1] } }),
      'a function': Object.assign(() => {}, { eval: true, env: {} }),
      'without a prototype': Object.assign(Object.create(null), { eval: true, env: {} }),
      'no arguments': { eval: true, env: {}, execArgv: null },
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

  subclasses: async (seen) => {
    class Own extends Worker {
      field = 'field';
      events = [];
      emit(event, ...args) {
        this.events.push([event, ...args]);
        return super.emit(event, ...args);
      }
    }
    const own = new Own(`${say}(1)`, { eval: true });
    seen('is', [own instanceof Own, own instanceof Worker, own.constructor === Own]);
    seen(
      'keys',
      Object.keys(own).filter((key) => key !== 'performance'),
    );
    const log = await watch(own);
    seen('log', log);
    seen(
      'events',
      own.events.filter(([name]) => !/Listener/.test(name)),
    );

    function Old(...args) {
      return Reflect.construct(Worker, args, Old);
    }
    inherits(Old, Worker);
    const old = new Old('0', { eval: true });
    seen('old', [old instanceof Old, old.constructor === Old, await watch(old)]);
    const made = Reflect.construct(Worker, ['0', { eval: true }]);
    seen('made by Reflect', [made.constructor === Worker, Object.getPrototypeOf(made) === Worker.prototype]);
    seen('exit', await once(made, 'exit'));
  },

  'an object of the class': async (seen) => {
    const worker = new Worker('setTimeout(() => {}, 20)', { eval: true });
    seen('own', declared(worker));
    seen('keys', Object.keys(worker));
    seen('printed', inspect(worker, { depth: 0 }).replaceAll(/\d+(\.\d+)?/g, '0'));
    seen('listeners', listeners(worker));
    seen(
      'types',
      [typeof worker.threadId, worker.stdin, worker.stdout, worker.stderr, worker.threadName].map((value) =>
        inspect(value, { depth: -1 }),
      ),
    );
    seen('on', worker.on('exit', () => {}) === worker);
    seen('returned', [worker.ref(), worker.unref(), worker.postMessage(1)]);
    seen('not its threads id', worker.threadId > 0 && worker.threadId !== threads.threadId);
    worker.ref();
    await once(worker, 'exit');
    seen('after', [worker.threadId, worker.threadName, worker.resourceLimits, listeners(worker)]);
    seen('returned after', [worker.ref(), worker.unref(), worker.postMessage(1), await worker.terminate()]);
    seen('a snapshot after', await worker.getHeapSnapshot().catch((error) => error));
  },

  'methods that the application replaces': async (seen) => {
    const sent = [];
    const { postMessage, emit } = Worker.prototype;
    Worker.prototype.postMessage = function (...args) {
      sent.push(args);
      return postMessage.apply(this, args);
    };
    const worker = new Worker(`require('node:worker_threads').parentPort.once('message', (m) => ${say}(m))`, {
      eval: true,
    });
    worker.postMessage('hello');
    const emitted = [];
    worker.emit = function (event, ...args) {
      if (!/Listener/.test(event)) emitted.push([event, ...args]);
      return emit.call(this, event, ...args);
    };
    seen('log', await watch(worker));
    seen('sent', sent);
    seen('emitted', emitted);
    Worker.prototype.postMessage = postMessage;

    const { Worker: Node } = threads;
    threads.Worker = class Mine extends Node {};
    const mine = new threads.Worker('0', { eval: true });
    seen('replaced', [mine.constructor.name, mine instanceof Node, await watch(mine)]);
    threads.Worker = Node;
  },
};

exports.except = {
  'the text of the class': {
    variants: ['idle', 'beside', 'traced'],
    because: "The class is a twin of Node's, so `Function.prototype.toString` gives its own text.",
  },
};
