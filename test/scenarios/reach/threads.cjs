// Starts each kind of thread in each way; prints in which of them the agent is on.
const { join } = require('node:path');
const { SHARE_ENV, Worker } = require('node:worker_threads');
const { profiler } = require('ostrace');

const state = join(__dirname, 'state.cjs');
const asModule = `
  import { createRequire } from 'node:module';
  import { parentPort } from 'node:worker_threads';
  parentPort.postMessage(createRequire(${JSON.stringify(__filename)})('./state.cjs').isOn);
`;
const kinds = {
  file: [join(__dirname, 'thread.cjs'), {}],
  module: [join(__dirname, 'thread.mjs'), {}],
  eval: [
    `require('node:worker_threads').parentPort.postMessage(require(${JSON.stringify(state)}).isOn)`,
    { eval: true },
  ],
  data: [new URL(`data:text/javascript,${encodeURIComponent(asModule)}`), {}],
};
const settings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith('OSTRACE_')),
);
const ways = {
  plain: {},
  'execArgv: []': { execArgv: [] },
  'env: {}': { env: {} },
  'env: the settings': { env: settings },
  SHARE_ENV: { env: SHARE_ENV },
  both: { execArgv: [], env: {} },
};

async function main() {
  const reached = {};
  for (const [way, options] of Object.entries(ways)) {
    const started = Object.entries(kinds).map(([kind, [file, own]]) =>
      // No colon or comma in a point's name.
      profiler.trace(`${kind} ${way.replaceAll(/\W/g, '')}`, async () => {
        const worker = new Worker(file, { ...own, ...options });
        let isOn;
        worker.on('message', (message) => (isOn = message));
        await new Promise((resolve, reject) => worker.on('error', reject).on('exit', resolve));
        return isOn ? [kind] : [];
      }),
    );
    reached[way] = (await Promise.all(started)).flat();
  }
  console.log(JSON.stringify(reached));
}
main();
