const { AsyncLocalStorage } = require('node:async_hooks');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { SHARE_ENV, Worker } = require('node:worker_threads');
const { isDeepStrictEqual } = require('node:util');
const { watch } = require('./parts/threads.cjs');

exports.title = 'worker_threads: what a thread sees of where it runs';
exports.points = ['thread', 'thread_main'];

const inside = JSON.stringify(join(__dirname, 'parts/inside.cjs'));
const url = JSON.stringify(pathToFileURL(join(__dirname, 'parts/inside.cjs')).href);
const file = join(__dirname, 'parts/file.cjs');
const code = `require('node:worker_threads').parentPort.postMessage(require(${inside}).look(typeof module))`;
const asModule = `
  import { parentPort } from 'node:worker_threads';
  const { default: { look } } = await import(${url});
  parentPort.postMessage(look(import.meta.main));
`;

/** What threads see; the process's own arguments differ from run to run, and are compared here. */
async function views(seen, threads) {
  const logs = await Promise.all(
    Object.values(threads).map(([of, options]) => watch(new Worker(of, options))),
  );
  for (const [i, name] of Object.keys(threads).entries()) {
    const [view] = logs[i].message;
    if (isDeepStrictEqual(view?.execArgv, process.execArgv)) view.execArgv = 'those of the process';
    seen(name, logs[i]);
  }
}

exports.cases = {
  'a thread made of a file': async (seen) => {
    await views(seen, {
      plain: [file],
      'without arguments': [pathToFileURL(file), { execArgv: [], name: 'named', argv: ['a'], workerData: 5 }],
      'without an environment': [file, { env: {} }],
    });
  },

  'a thread made of a module': async (seen) => {
    const esm = join(__dirname, 'parts/file.mjs');
    await views(seen, {
      'without both': [pathToFileURL(esm), { execArgv: [], env: {} }],
      'sharing the environment': [esm, { env: SHARE_ENV, argv: ['b'] }],
    });
  },

  'a thread made of text': async (seen) => {
    await views(seen, {
      plain: [code, { eval: true }],
      'without both': [code, { eval: true, execArgv: [], env: {} }],
      'sharing the environment': [code, { eval: true, env: SHARE_ENV }],
      'a data: URL without both': [
        new URL(`data:text/javascript,${encodeURIComponent(asModule)}`),
        { execArgv: [], env: {} },
      ],
    });
  },

  'a thread of a thread': async (seen) => {
    const nested = (options) => `
      const { Worker, parentPort } = require('node:worker_threads');
      parentPort.postMessage(require(${inside}).look('outer'));
      new Worker(${JSON.stringify(code)}, ${options}).on('message', (view) => parentPort.postMessage(view));
    `;
    for (const options of ['{ eval: true }', '{ eval: true, execArgv: [], env: {} }']) {
      const { message, error, exit } = await watch(new Worker(nested(options), { eval: true }));
      for (const view of message) {
        if (isDeepStrictEqual(view.execArgv, process.execArgv)) view.execArgv = 'those of the process';
      }
      seen(options, [message, error, exit]);
    }
  },

  'the storages of the application': async (seen) => {
    const storage = new AsyncLocalStorage();
    const worker = await storage.run('outside', async () => {
      const made = new Worker(
        `const { AsyncLocalStorage } = require('node:async_hooks');
         const { parentPort } = require('node:worker_threads');
         const storage = new AsyncLocalStorage();
         const first = storage.getStore();
         storage.run('inside', () => parentPort.once('message', (said) => parentPort.postMessage([first, said, storage.getStore()])));
         setInterval(() => {}, 1000);`,
        { eval: true },
      );
      for (const event of ['online', 'message', 'exit']) {
        made.on(event, function () {
          seen(`in ${event}`, [storage.getStore(), this === made]);
        });
      }
      return made;
    });
    storage.run('elsewhere', () =>
      worker.once('message', () => seen('in a later listener', storage.getStore())),
    );
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    const said = new Promise((resolve) => worker.once('message', resolve));
    storage.run('sender', () => worker.postMessage('hello'));
    seen('message', await said);
    await storage.run('terminating', () =>
      worker.terminate().then(() => seen('terminated', storage.getStore())),
    );
    await gone;
  },

  'modules and classes': async (seen) => {
    seen(
      'log',
      await watch(
        new Worker(
          `const { parentPort, workerData } = require('node:worker_threads');
       const http = require('node:http');
       const { spawn, ChildProcess } = require('node:child_process');
       parentPort.postMessage([http.request.name, http.request.length, spawn.name, spawn.length,
         ChildProcess.prototype.spawn.name, ChildProcess.prototype.spawn.length, Object.keys(http).length,
         workerData instanceof Map, Object.prototype.toString.call(workerData)]);`,
          { eval: true, workerData: new Map() },
        ),
      ),
    );
  },
};
