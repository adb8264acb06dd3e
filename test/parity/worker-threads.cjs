const { once } = require('node:events');

exports.title = 'worker_threads';
exports.points = ['thread', 'thread_main'];

exports.cases = {
  'the class and its shape': async (seen) => {
    const { Worker } = require('node:worker_threads');
    seen('Worker', Worker);
    const worker = new Worker('0', { eval: true });
    seen('constructor', worker.constructor === Worker);
    seen('exit', await once(worker, 'exit'));
  },
};

exports.ends = {
  'an error in a thread that nobody handles': async () => {
    const { Worker } = require('node:worker_threads');
    new Worker('throw new Error("from the thread")', { eval: true });
  },
};
