// A program that asks its own server, here, in a thread, in a child and in a cluster's worker. It takes a key for a
// trace of its own as its argument; without one, it is traced as it was told to be.
const cluster = require('node:cluster');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { profiler } = require('ostrace');

const key = process.argv[2];
const isChild = process.argv[3] === 'child';

async function askItself(name) {
  const server = createServer((_request, response) => response.end(name));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await (await fetch(`http://127.0.0.1:${server.address().port}/${name}`)).text();
  server.close();
  server.closeAllConnections();
}

async function main() {
  if (key) profiler.init(key);
  await askItself('main');
  const thread = new Worker(__filename, { argv: [''] });
  await once(thread, 'exit');
  if (key) return;
  await once(fork(__filename, ['', 'child']), 'exit');
  cluster.setupPrimary({ exec: __filename, args: ['', 'child'] });
  await once(cluster.fork(), 'exit');
}

if (!isMainThread) askItself('thread').then(() => parentPort.close());
else if (isChild) askItself(cluster.isWorker ? 'worker' : 'child').then(() => process.exit());
else main();
