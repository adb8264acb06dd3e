// How receivers of home-made pools do their tasks: each task says which one it is, when it begins and when it is done.
const { profiler } = require('ostrace');
const { on } = require('node:events');
const { setTimeout: pause } = require('node:timers/promises');

const work = async ({ id }) => {
  profiler.trace(`begun ${id}`, () => {});
  await pause(id.length % 3);
  return profiler.trace(`done ${id}`, () => ({ id, said: id }));
};

const ways = {
  directly: (answer) => async (task) => answer(await work(task)),

  'in a loop': (answer) => {
    const queue = [];
    let isBusy = false;
    return async (task) => {
      queue.push(task);
      if (isBusy) return;
      isBusy = true;
      while (queue.length > 0) answer(await work(queue.shift()));
      isBusy = false;
    };
  },

  'in a waiting loop': (answer) => {
    const queue = [];
    let wake;
    const loop = async () => {
      for (;;) {
        if (queue.length === 0) await new Promise((resolve) => (wake = resolve));
        answer(await work(queue.shift()));
      }
    };
    return (task) => {
      const isFirst = wake === undefined && queue.length === 0;
      queue.push(task);
      if (isFirst) void loop();
      else wake?.();
    };
  },

  'in batches': (answer) => {
    let batch = [];
    let timer;
    const flush = async () => {
      clearTimeout(timer);
      timer = undefined;
      const tasks = batch;
      batch = [];
      for (const done of await Promise.all(tasks.map(work))) answer(done);
    };
    return (task) => {
      batch.push(task);
      timer ??= setTimeout(flush, 100);
      if (batch.length === 3) void flush();
    };
  },

  'the last first': (answer) => {
    const stack = [];
    let running = 0;
    const pump = async () => {
      while (running < 1 && stack.length > 0) {
        running++;
        answer(await work(stack.pop()));
        running--;
      }
    };
    return (task) => {
      stack.push(task);
      setImmediate(pump);
    };
  },

  'two at a time': (answer) => {
    const queue = [];
    let running = 0;
    const next = () => {
      if (running === 2 || queue.length === 0) return;
      running++;
      work(queue.shift())
        .then(answer)
        .finally(() => {
          running--;
          next();
        });
    };
    return (task) => {
      queue.push(task);
      next();
    };
  },
};

/** A loop of the main script. */
async function mainLoop(source, answer) {
  for await (const [task] of on(source, 'message')) answer(await work(task));
}

exports.receive = (way, source, answer) => {
  if (way === 'in its main script') void mainLoop(source, answer);
  else source.on('message', ways[way](answer));
  answer('ready');
};
