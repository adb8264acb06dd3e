// Starts threads in each of the ways that there are; prints what each said.
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { profiler } = require('ostrace');

module.exports = async function threads({ Worker }) {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-threads-'));
  const write = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const code = `
    const { parentPort, workerData, getEnvironmentData, resourceLimits, threadId } = require('node:worker_threads');
    parentPort.postMessage([workerData, process.execArgv.length, Object.keys(process.env).filter((n) => n.startsWith('OSTRACE')),
      getEnvironmentData('ostrace') === undefined, threadId > 0]);
  `;
  const asModule = `import { parentPort, workerData } from 'node:worker_threads'; parentPort.postMessage(['esm', workerData]);`;
  const cjs = write('thread.cjs', code);
  const esm = write('thread.mjs', asModule);
  const busy = write(
    'busy.cjs',
    `require('${require.resolve('ostrace')}').profiler.trace('inside', () => {});
    require('node:worker_threads').parentPort.postMessage('busy'); setInterval(() => {}, 1000);`,
  );
  const results = {};
  const run = (name, file, options) =>
    profiler.trace(name, async () => {
      try {
        const worker = new Worker(file, options);
        const said = [worker.constructor === Worker, worker instanceof Worker];
        worker.on('message', (message) => said.push(message));
        worker.on('error', (error) => said.push(`${error.constructor.name} ${error.message}`));
        if (file === busy) worker.once('message', () => worker.terminate());
        said.push(await new Promise((resolve) => worker.on('exit', resolve)));
        results[name] = said;
      } catch (error) {
        results[name] = `${error.constructor.name} ${error.code}`;
      }
    });

  await run('file', cjs, { workerData: { a: 1 }, env: {} });
  await run('module', esm, { workerData: 2, execArgv: [] });
  await run('url', pathToFileURL(cjs), { env: {}, execArgv: [] });
  await run('eval', code, { eval: true, workerData: 3, env: {}, execArgv: [] });
  await run('data', new URL(`data:text/javascript,${encodeURIComponent(asModule)}`), {
    name: 'named',
    execArgv: [],
  });
  await run('throws', `throw new RangeError('in the thread')`, { eval: true, execArgv: [] });
  await run('exits', 'process.exit(7)', { eval: true, execArgv: [] });
  await run('terminated', busy, {});
  await run('missing file', join(folder, 'none.cjs'), { execArgv: [] });
  await run('wrong options', cjs, { execArgv: 5 });
  await run('refused argument', cjs, { execArgv: ['--no-such-flag'] });
  await run('nested', `new (require('node:worker_threads').Worker)('0', { eval: true })`, { eval: true });
  // What Node sees of odd arguments, it sees with the agent as well.
  class Lazy {
    get workerData() {
      return 'lazy';
    }
    get execArgv() {
      return [];
    }
    get env() {
      return {};
    }
  }
  await run('getters', cjs, new Lazy());
  await run('null options', cjs, null);
  await run('no file', Object.create(null));
  let calls = 0;
  await run('failing data', cjs, {
    workerData: {
      get data() {
        calls++;
        throw new RangeError('no data');
      },
    },
  });
  results['calls of a failing getter'] = calls;
  process.chdir(folder);
  await run('after chdir', cjs, { workerData: 4, env: {} });
  process.chdir(__dirname);
  rmSync(folder, { recursive: true });

  class Own extends Worker {}
  const own = new Own('0', { eval: true });
  results.subclass = [
    own instanceof Own,
    own instanceof Worker,
    own.constructor === Own,
    Worker.name,
    Worker.length,
  ];
  await new Promise((resolve) => own.on('exit', resolve));
  console.log(JSON.stringify(results));
};

if (require.main === module) module.exports(require('node:worker_threads'));
