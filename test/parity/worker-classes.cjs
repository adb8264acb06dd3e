const { once } = require('node:events');
const { inspect, inherits } = require('node:util');
const threads = require('node:worker_threads');
const { declared, listeners, watch } = require('./parts/threads.cjs');

const { Worker } = threads;

exports.title = 'worker_threads: objects and subclasses of Worker';
exports.points = ['thread', 'thread_main'];

const say = `require('node:worker_threads').parentPort.postMessage`;

exports.cases = {
  subclasses: async (seen) => {
    const events = [];
    class Own extends Worker {
      field = 'field';
      emit(event, ...args) {
        events.push([event, ...args]);
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
      events.filter(([name]) => !/Listener/.test(name)),
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
    // Online comes by another port than messages: either may be the first.
    seen(
      'emitted',
      emitted.toSorted(([a], [b]) => a.localeCompare(b)),
    );
    Worker.prototype.postMessage = postMessage;

    const { Worker: Node } = threads;
    threads.Worker = class Mine extends Node {};
    const mine = new threads.Worker('0', { eval: true });
    seen('replaced', [mine.constructor.name, mine instanceof Node, await watch(mine)]);
    threads.Worker = Node;
  },
};
