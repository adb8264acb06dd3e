// A server in a child process and one in a thread, started by a traced call, get requests of somebody else.
const { fork } = require('node:child_process');
const { createServer, get } = require('node:http');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { profiler } = require('ostrace');

if (isMainThread && process.argv[2] !== 'child') main();
else {
  const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
    if (isMainThread) process.send(server.address().port);
    else parentPort.postMessage(server.address().port);
  });
  const stop = () => {
    server.close();
    if (isMainThread) process.disconnect();
    else parentPort.close();
  };
  if (isMainThread) process.once('message', stop);
  else parentPort.once('message', stop);
}

async function main() {
  profiler.init('test-key');
  let started;
  let finish;
  // Open until the end, so that its trace is live for as long as the two are.
  void profiler.trace('request', () => {
    started = [fork(__filename, ['child']), new Worker(__filename)];
    return new Promise((resolve) => (finish = resolve));
  });
  profiler.clean();
  const ports = started.map((each) => new Promise((resolve) => each.once('message', resolve)));
  // At once: a thread works for a trace for as long as that is live.
  const answers = await Promise.all(ports.map(async (port) => ask(await port)));
  for (const [i, each] of started.entries()) {
    console.log(answers[i]);
    if (each instanceof Worker) each.postMessage('stop');
    else each.send('stop');
    await new Promise((resolve) => each.once('exit', resolve));
  }
  finish();
}

function ask(port) {
  return new Promise((resolve, reject) =>
    get({ port, host: '127.0.0.1', agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk)).on('end', () => resolve(body));
    }).on('error', reject),
  );
}
