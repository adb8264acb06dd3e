// A server that answers over connections which stay open, and that tells what traced requests left behind.
const { execFile } = require('node:child_process');
const http = require('node:http');
const { Worker } = require('node:worker_threads');
const { current, tracing } = require(`${process.env.AGENT}/dist/agent.js`);

const sockets = [];
const traces = [];
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const counts = (emitter) =>
  emitter.eventNames().map((name) => `${String(name)} ${emitter.listenerCount(name)}`);

const server = http.createServer(async (request, response) => {
  const { port } = server.address();
  if (request.url === '/inner') response.end('inner');
  else if (request.url === '/state') response.end(JSON.stringify(state()));
  else if (request.url === '/end') {
    agent.destroy();
    response.end();
    server.close();
    server.closeIdleConnections();
  } else {
    const trace = current()?.trace;
    if (trace !== undefined) traces.push(new WeakRef(trace));
    await new Promise((resolve) =>
      http.get({ port, agent, path: '/inner' }, (inner) => inner.resume().on('end', resolve)),
    );
    await new Promise((resolve) => execFile('true', resolve));
    await new Promise((resolve) => new Worker('0', { eval: true }).on('exit', resolve));
    response.end('outer');
  }
});
server.on('connection', (socket) => sockets.push(socket));
agent.on('free', (socket) => sockets.includes(socket) || sockets.push(socket));

function state() {
  global.gc();
  const left = traces.map((trace) => trace.deref()).filter((trace) => trace !== undefined);
  return {
    traces: traces.length,
    live: tracing.live,
    left: left.length,
    held: left.flatMap((trace) => [
      ...(trace.onEnd ?? []),
      ...Object.values(trace).filter((value) => typeof value === 'function'),
    ]).length,
    emits: sockets.filter((socket) => Object.hasOwn(socket, 'emit')).length,
    sockets: sockets.map(counts),
    others: [server, agent, process.stdout, process.stderr].map(counts),
  };
}
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
