// Sessions of an HTTP/2 client that are opened within a traced request: one for a host that is given with a user, one
// that cannot be connected, and one with a timeout. Prints which requests carried the trace on.
const http2 = require('node:http2');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { profiler } = require('ostrace');

const user = 'name:s3cret@';
const server = http2.createServer();
server.on('stream', (stream, headers) => {
  if (headers[':path'] === '/never') return;
  console.log(headers[':path'], headers['x-trace-info'] !== undefined);
  stream.respond();
  stream.end('done');
});

const gone = (emitter) => new Promise((resolve) => emitter.on('error', () => {}).on('close', resolve));
const mark = (name) => profiler.trace(name, () => {});

const ways = {
  async 'a user'({ port }) {
    const createConnection = () => net.connect(port, '127.0.0.1');
    const host = `${user}127.0.0.1`;
    const session = http2.connect({ protocol: 'http:', host, port }, { createConnection });
    // Servers of Node 24 refuse a user in it.
    await gone(session.request({ ':path': '/user', ':authority': '127.0.0.1' }).resume());
    session.destroy();
  },
  async 'a user at a host that is not known'({ port }) {
    const lookup = (name, _options, done) => done(new Error(`getaddrinfo ENOTFOUND ${name}`));
    const host = `${user}nowhere.invalid`;
    const session = http2.connect({ protocol: 'http:', host, port }, { lookup });
    const closed = gone(session);
    await gone(session.request());
    await closed;
  },
  async 'a timeout'({ port }) {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    await gone(session.request({ ':path': '/timeout' }).resume());
    const called = new Promise((resolve) => session.setTimeout(20, resolve));
    session.on('timeout', () => mark('session'));
    await called;
    const stream = session.request({ ':path': '/never' });
    await new Promise((resolve) => stream.setTimeout(20, resolve).on('timeout', () => mark('stream')));
    session.destroy();
    await gone(stream);
  },
};

server.listen(0, '127.0.0.1', async () => {
  const alive = setInterval(() => {}, 1000);
  profiler.init('test-key');
  for (const [name, way] of Object.entries(ways)) await profiler.trace(name, () => way(server.address()));
  profiler.clean();
  await sleep(1);
  clearInterval(alive);
  server.close();
});
