// Ways to leave the process: requests over few connections, threads, commands.
const { AsyncResource } = require('node:async_hooks');
const { execFile, fork } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const undici = require('undici');
const { profiler } = require('ostrace');

const { called } = require('./request.cjs');

/** Another service, for simplicity in this process: what it does is in the trace of whom it serves. */
async function startFar() {
  const server = http.createServer((request, response) => {
    profiler.trace('far', { id: request.url.slice(1) }, () => {});
    // In two parts: the second one comes when its reader is waiting.
    request.resume().on('end', () => {
      response.write(request.url.slice(0, 3));
      setTimeout(() => response.end(request.url.slice(3)), 2);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const requests = (port, agent, pool) => ({
  'by an agent of one socket': {
    shape: 'at response,at text,http(wsgi(far))',
    async run({ id, step, equal }) {
      const text = await new Promise((resolve, reject) => {
        const request = http.get({ port, host: '127.0.0.1', path: `/${id}`, agent }, (response) => {
          step('response');
          let body = '';
          response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
          response.on('end', () => resolve((step('text'), body)));
        });
        request.on('error', reject);
      });
      equal(text, `/${id}`);
    },
  },
  'posted by an agent of one socket': {
    shape: 'http(wsgi(far))',
    async run({ id, here, kept }) {
      const request = http.request({ port, host: '127.0.0.1', path: `/${id}`, method: 'POST', agent });
      request.on('socket', () => here('socket'));
      request.end('body');
      const [response] = await once(request, 'response');
      kept('response');
      for await (const chunk of response) kept(`iterated ${chunk.length}`);
    },
  },
  'by fetch': {
    shape: 'http(wsgi(far))',
    async run({ id, kept, equal }) {
      const response = await fetch(`http://127.0.0.1:${port}/${id}`);
      kept('response');
      equal(await response.text(), `/${id}`);
      kept('text');
    },
  },
  'by undici with events of the body': {
    shape: 'at end,http(wsgi(far))',
    async run({ id, here, step, equal }) {
      const { body } = await pool.request({ path: `/${id}`, method: 'GET' });
      let text = '';
      body.setEncoding('utf8').on('data', (part) => {
        here('data');
        text += part;
      });
      await new Promise((resolve, reject) => body.on('error', reject).on('end', () => resolve(step('end'))));
      equal(text, `/${id}`);
    },
  },
  'by an undici pool of one connection': {
    shape: 'http(wsgi(far))',
    async run({ id, kept, equal }) {
      const { body } = await pool.request({ path: `/${id}`, method: 'GET' });
      kept('response');
      equal(await body.text(), `/${id}`);
      kept('text');
    },
  },
});

/** Jobs for a thread that all requests share. */
function createPool(worker) {
  const waiting = new Map();
  let last = 0;
  worker.on('message', ({ job, id }) => {
    const { resource, resolve } = waiting.get(job);
    waiting.delete(job);
    resource.runInAsyncScope(resolve, undefined, id);
  });
  return (id, callback) => {
    waiting.set(++last, { resource: new AsyncResource('job'), resolve: callback });
    worker.postMessage({ job: last, id });
  };
}

const threads = (ask) => ({
  'a shared thread': {
    shape: 'at answer,at answer',
    async run({ id, step, kept, equal }) {
      for (let i = 0; i < 2; i++) {
        const answer = await new Promise((resolve) => ask(id, (said) => resolve((step('answer'), said))));
        equal(answer, id);
        kept('after the answer');
      }
    },
  },
  command: {
    shape: 'at closed,command,command',
    async run({ id, step, kept }) {
      await promisify(execFile)('true', [id]);
      kept('after the command');
      await called((done) => execFile('true', [id], (error) => done(error, step('closed'))));
    },
  },
  'a thread of its own': {
    isDear: true,
    shape: 'thread(thread_main(in the thread))',
    async run({ id, outside, equal }) {
      const worker = new Worker(join(__dirname, 'other.cjs'), { workerData: { id } });
      worker.once('message', (said) => {
        outside('message');
        equal(said, id);
      });
      await once(worker, 'exit');
    },
  },
  'a process of its own': {
    isDear: true,
    shape: 'command(process(in the process))',
    async run({ id, outside, equal }) {
      const child = fork(join(__dirname, 'other.cjs'), [id]);
      child.once('message', (said) => {
        outside('message');
        equal(said, id);
      });
      await once(child, 'close');
    },
  },
});

module.exports = async function start() {
  const far = await startFar();
  const { port } = far.address();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const pool = new undici.Pool(`http://127.0.0.1:${port}`, { connections: 1 });
  const worker = new Worker(join(__dirname, 'other.cjs'), { workerData: {} });
  await once(worker, 'online');
  return {
    groups: [
      ['request', requests(port, agent, pool)],
      ['other', threads(createPool(worker))],
    ],
    async close() {
      agent.destroy();
      await Promise.all([pool.close(), worker.terminate()]);
      far.close();
      far.closeAllConnections();
    },
  };
};
