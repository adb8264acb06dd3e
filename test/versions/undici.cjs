// Asks a server by undici in each way that its version has; prints what each got. Each way is a point of its
// own, and asks for a path of its own: first alone, then three times at once by a dispatcher that has one
// connection, where undici sends most of it later, from where another request happens to be.
const { profiler } = require('ostrace');

module.exports = async function ways({ undici }) {
  const [, , base, refusing] = process.argv;
  const { interceptors = {}, RetryAgent } = undici;
  const open = [];
  const keep = (dispatcher) => {
    open.push(dispatcher);
    return dispatcher;
  };
  const pool = (connections) => keep(new undici.Pool(base, { connections }));
  const text = async ({ body }) => body.text();
  const failed = ({ code, cause }) => code ?? cause?.code;

  /** The ways to ask by a dispatcher, each for the path that it is given. */
  const calls = {
    request: async (dispatcher, path) => text(await undici.request(base + path, { dispatcher })),
    'request of it': async (dispatcher, path) =>
      text(await dispatcher.request({ origin: base, path, method: 'GET' })),
    'request with a callback': (dispatcher, path) =>
      new Promise((resolve, reject) =>
        dispatcher.request({ origin: base, path, method: 'GET' }, (error, answer) =>
          error ? reject(error) : resolve(text(answer)),
        ),
      ),
    fetch: async (dispatcher, path) => (await undici.fetch(base + path, { dispatcher })).text(),
    'fetch of a body': async (dispatcher, path) => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from('body'));
          controller.close();
        },
      });
      const options = { dispatcher, method: 'POST', body, duplex: 'half' };
      return (await undici.fetch(base + path, options)).text();
    },
    'request with listeners': async (dispatcher, path) => {
      const { body } = await undici.request(base + path, { dispatcher });
      let all = '';
      body.setEncoding('utf8').on('data', (chunk) => {
        all += chunk;
        profiler.trace(`heard by ${path}`, () => {});
      });
      return new Promise((resolve) => body.on('end', () => resolve(all)));
    },
    stream: async (dispatcher, path) => {
      const chunks = [];
      const { Writable } = require('node:stream');
      const factory = () =>
        new Writable({
          write(chunk, _encoding, done) {
            chunks.push(chunk);
            profiler.trace(`heard by ${path}`, done);
          },
        });
      await undici.stream(base + path, { dispatcher, method: 'GET' }, factory);
      return Buffer.concat(chunks).toString();
    },
    pipeline: async (dispatcher, path) => {
      const duplex = undici.pipeline(base + path, { dispatcher, method: 'POST' }, ({ body }) => body);
      duplex.end('body');
      let all = '';
      for await (const chunk of duplex) all += chunk;
      return all;
    },
  };
  const dispatchers = {
    pool: () => pool(1),
    agent: () => keep(new undici.Agent({ connections: 1 })),
    client: () => keep(new undici.Client(base)),
    'wide pool': () => pool(20),
    proxy: () => keep(new undici.ProxyAgent({ uri: base, connections: 1, proxyTunnel: true })),
    ...(interceptors.redirect && {
      redirection: () => pool(1).compose(interceptors.redirect({ maxRedirections: 1 })),
    }),
    ...(interceptors.retry && {
      retry: () => pool(1).compose(interceptors.retry({ maxRetries: 1, minTimeout: 1, maxTimeout: 1 })),
    }),
    ...(interceptors.dns && { dns: () => pool(1).compose(interceptors.dns()) }),
    ...(interceptors.cache && { cache: () => pool(1).compose(interceptors.cache()) }),
    ...(interceptors.dump && { dump: () => pool(1).compose(interceptors.dump()) }),
    ...(interceptors.decompress && { decompress: () => pool(1).compose(interceptors.decompress()) }),
    ...(RetryAgent && { 'retry agent': () => new RetryAgent(pool(1), { maxRetries: 1, minTimeout: 1 }) }),
  };
  const results = {};
  const way = async (name, body) => {
    const path = `/${name.replaceAll(/\W+/g, '-')}`;
    results[name] = await profiler.trace(name, () => body(path).catch(failed));
  };
  for (const [by, make] of Object.entries(dispatchers)) {
    const isPlain = ['pool', 'agent', 'client', 'wide pool', 'proxy'].includes(by);
    for (const [what, call] of Object.entries(calls)) {
      if (!isPlain && !['request', 'request with listeners', 'fetch', 'stream'].includes(what)) continue;
      const dispatcher = make();
      await way(`${what} by ${by}`, (path) => call(dispatcher, path));
      await Promise.all(
        [1, 2, 3].map((n) => way(`${what} by ${by} at once ${n}`, (path) => call(dispatcher, path))),
      );
    }
  }
  const plain = (path, options) => undici.request(base + path, options).then(text);
  await way('global fetch', async (path) => (await fetch(base + path)).text());
  await way('global fetch of redirection', async (path) => (await fetch(base + path)).text());
  await Promise.all(
    [1, 2, 3].map((n) => way(`global fetch at once ${n}`, async (path) => (await fetch(base + path)).text())),
  );
  // An option until undici 7, which brought the cache; the global dispatcher may be that of Node.
  if (!interceptors.cache) {
    await way('request of redirection', (path) => plain(path, { dispatcher: pool(1), maxRedirections: 1 }));
  }
  await way('fetch of redirection', async (path) => (await undici.fetch(base + path)).text());
  await way('refused', (path) => undici.request(`http://127.0.0.1:${refusing}${path}`));
  await way('refused fetch', (path) => undici.fetch(`http://127.0.0.1:${refusing}${path}`));
  await way('aborted', (path) => {
    const controller = new AbortController();
    const asked = undici.request(base + path, { signal: controller.signal });
    setImmediate(() => controller.abort());
    return asked.then(text);
  });
  await way('aws', (path) => plain(path, { headers: { authorization: 'AWS4-HMAC-SHA256 x' } }));
  await way('headers as a list', (path) => plain(path, { headers: ['x-a', '1', 'x-b', '2'] }));
  await way('upgrade', async (path) => {
    const { socket } = await undici.upgrade(base + path, { protocol: 'x' });
    socket.destroy();
    return 'upgraded';
  });
  await way('connect', async (path) => {
    const answer = await undici.connect(base + path);
    answer.socket.destroy();
    return answer.statusCode;
  });
  for (const dispatcher of open) await dispatcher.destroy();
  await undici.getGlobalDispatcher().destroy();
  console.log(JSON.stringify(results));
};
