// Ways on which Node brings code back: each must come back to its own request.
const { AsyncResource } = require('node:async_hooks');
const { pbkdf2, randomBytes } = require('node:crypto');
const { lookup } = require('node:dns');
const { EventEmitter } = require('node:events');
const { readFile, stat } = require('node:fs');
const { PassThrough, Readable, Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { gzip } = require('node:zlib');
const { profiler } = require('ostrace');

const { called, problems } = require('./request.cjs');

/** Calls what is due from one timer of the process, which is no request's. */
function createTicker() {
  const due = [];
  const timer = setInterval(() => {
    for (const callback of due.splice(0)) callback();
  }, 2);
  return { call: (callback) => due.push(callback), close: () => clearInterval(timer) };
}

/** Runs the jobs of all requests one after the other, each where it came from. */
function createQueue() {
  const jobs = [];
  let isRunning = false;
  async function work() {
    isRunning = true;
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await job.resource.runInAsyncScope(job.run);
      await new Promise(setImmediate);
    }
    isRunning = false;
  }
  return (run) =>
    new Promise((resolve) => {
      jobs.push({ resource: new AsyncResource('job'), run: async () => resolve(await run()) });
      if (!isRunning) work();
    });
}

const flows = (ticker, queue, bus) => ({
  timers: {
    shape: 'at immediate,at microtask,at tick,at timer',
    async run({ step, kept, outside }) {
      await new Promise((resolve) => setTimeout(() => resolve(step('timer')), 1));
      await new Promise((resolve) => setImmediate(() => resolve(step('immediate'))));
      await new Promise((resolve) => process.nextTick(() => resolve(step('tick'))));
      await new Promise((resolve) => queueMicrotask(() => resolve(step('microtask'))));
      kept('after them');
      let times = 0;
      await new Promise((resolve) => {
        const timer = setInterval(() => {
          outside('interval');
          if (++times === 3) resolve(clearInterval(timer));
        }, 1);
      });
    },
  },
  callbacks: {
    shape: 'at end',
    async run({ kept, step }) {
      await called((done) => readFile(__filename, (error) => done(error, kept('readFile'))));
      await called((done) => stat(__filename, (error) => done(error, kept('stat'))));
      await called((done) => lookup('localhost', (error) => done(error, kept('lookup'))));
      await called((done) => randomBytes(16, (error) => done(error, kept('randomBytes'))));
      await called((done) => pbkdf2('a', 'b', 10, 16, 'sha256', (error) => done(error, kept('pbkdf2'))));
      await called((done) => gzip('text', (error) => done(error, kept('gzip'))));
      step('end');
    },
  },
  emitters: {
    shape: 'at bound,at own event,at target',
    async run({ step, here, kept }) {
      const emitter = new EventEmitter();
      emitter.on('own', () => step('own event'));
      await new Promise(setImmediate);
      emitter.emit('own');
      const target = new EventTarget();
      target.addEventListener('own', () => step('target'));
      target.dispatchEvent(new Event('own'));
      // From the timer of the process: a listener runs where its event comes from, unless it is bound.
      await new Promise((resolve) => {
        emitter.once(
          'late',
          AsyncResource.bind(() => resolve(step('bound'))),
        );
        ticker.call(() => emitter.emit('late'));
      });
      await new Promise((resolve) => {
        emitter.once('late', () => {
          if (profiler.get() !== undefined) problems.push('an event of the process ran in a trace');
          resolve();
        });
        ticker.call(() => emitter.emit('late'));
      });
      here('after both');
      kept('after both');
    },
  },
  'a bus of all requests': {
    shape: 'at end',
    async run({ id, position, step }) {
      // A listener runs where the event was emitted, whoever's it is.
      const listener = (from) => {
        if (profiler.get()?.id !== from)
          problems.push(`${id}: an event of ${from} ran at ${profiler.get()?.id}`);
      };
      bus.on('event', listener);
      for (let i = 0; i < 3; i++) {
        bus.emit('event', position?.id);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      bus.off('event', listener);
      step('end');
    },
  },
  'a queue of jobs': {
    shape: 'at job,at job,at job',
    async run({ step, kept }) {
      const job = async () => {
        kept('job');
        await new Promise(setImmediate);
        step('job');
      };
      await Promise.all([queue(job), queue(job), queue(job)]);
      kept('after the jobs');
    },
  },
  streams: {
    shape: 'at flush,at pushed',
    async run({ step, kept, equal }) {
      const parts = [];
      const transform = new Transform({
        transform(chunk, _encoding, done) {
          kept('transform');
          setImmediate(done, null, chunk);
        },
        flush(done) {
          step('flush');
          done();
        },
      });
      await pipeline(Readable.from(['a', 'b', 'c']), transform, async (all) => {
        for await (const part of all) {
          kept('iterated');
          parts.push(String(part));
        }
      });
      equal(parts.join(''), 'abc');
      // Data that is pushed from elsewhere is read where its reader awaits it.
      const pushed = new PassThrough();
      pushed.once(
        'data',
        AsyncResource.bind(() => step('pushed')),
      );
      ticker.call(() => pushed.write('a'));
      ticker.call(() => pushed.end('b'));
      for await (const part of pushed) kept(`iterated ${part.length}`);
    },
  },
  messages: {
    shape: 'at message',
    async run({ step, kept }) {
      const { port1, port2 } = new MessageChannel();
      await new Promise((resolve) => {
        port1.once(
          'message',
          AsyncResource.bind(() => resolve(step('message'))),
        );
        port2.postMessage('a');
      });
      port1.close();
      kept('after the message');
    },
  },
});

module.exports = async function start() {
  const ticker = createTicker();
  const bus = new EventEmitter().setMaxListeners(0);
  return { groups: [['flow', flows(ticker, createQueue(), bus)]], close: ticker.close };
};
