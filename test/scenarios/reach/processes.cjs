// Starts a child in each of the ways; prints in which of them the agent is on.
const { execFile, exec, execFileSync, fork, spawn } = require('node:child_process');
const cluster = require('node:cluster');
const { join } = require('node:path');
const { profiler } = require('ostrace');

const file = join(__dirname, 'child.cjs');
const node = process.execPath;
const silent = { silent: true };
const withOwn = { ...process.env, NODE_OPTIONS: '--no-warnings' };
const withBoth = { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --no-warnings` };

const ways = {
  fork: () => fork(file, silent),
  'fork, execArgv: []': () => fork(file, { ...silent, execArgv: [] }),
  'fork, env: {}': () => fork(file, { ...silent, env: {} }),
  'fork, own NODE_OPTIONS': () => fork(file, { ...silent, env: withOwn }),
  'spawn node': () => spawn(node, [file]),
  'spawn node with process.execArgv': () => spawn(node, [...process.execArgv, file]),
  'spawn node, env: {}': () => spawn(node, [file], { env: {} }),
  'spawn node, own NODE_OPTIONS': () => spawn(node, [file], { env: withOwn }),
  'spawn node, NODE_OPTIONS and own': () => spawn(node, [file], { env: withBoth }),
  'sh -c node': () => exec(`"${node}" "${file}"`),
  'env -i node': () => execFile('env', ['-i', node, file]),
  'cluster.fork': () => {
    cluster.setupPrimary({ exec: file, silent: true });
    return cluster.fork().process;
  },
  'a grandchild, by fork': () => fork(file, ['again'], silent),
  'a grandchild, by sh -c node and fork': () => exec(`"${node}" "${file}" again`),
  'execFileSync node': () => execFileSync(node, [file], { encoding: 'utf8' }),
};

async function main() {
  const reached = [];
  for (const [way, start] of Object.entries(ways)) {
    await profiler.trace(way.replaceAll(/\W+/g, ' '), async () => {
      const child = start();
      let text = typeof child === 'string' ? child : '';
      if (text === '') {
        child.stdout.on('data', (chunk) => (text += chunk));
        await new Promise((resolve) => child.on('close', resolve));
      }
      if (text.trim() === 'on') reached.push(way);
    });
  }
  console.log(JSON.stringify(reached));
}
main();
