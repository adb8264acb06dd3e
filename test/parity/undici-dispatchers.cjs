// undici's clients, pools and agents, its proxies, its interceptors and its mocks.
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const undici = require('undici');
const { certificate } = require('./tools/certificate.cjs');
const { json, told } = require('./tools/undici.cjs');
const { listeners, names, read, storage, turns, using } = require('./tools/http.cjs');

exports.title = 'undici: clients, pools, agents, proxies, interceptors, mocks';
exports.points = ['http', 'https', 'wsgi'];

const failing = new Map();
const server = () =>
  http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://a');
    const count = (failing.get(pathname) ?? 0) + 1;
    failing.set(pathname, count);
    if (pathname === '/redirect') return response.writeHead(302, { location: '/to' }).end('moved');
    if (pathname.startsWith('/flaky') && count < 3) return response.writeHead(503).end('later');
    if (pathname === '/400')
      return response.writeHead(400, { 'content-type': 'application/json' }).end('{"wrong":1}');
    const body = await read(request);
    return response.end(JSON.stringify([request.method, request.url, request.headers, body]));
  });
exports.cases = {
  'Client, Pool, BalancedPool, RoundRobinPool, Agent': async (seen) => {
    const { Client, Pool, BalancedPool, RoundRobinPool, Agent } = undici;
    await using(server(), async (port) => {
      const base = `http://127.0.0.1:${port}`;
      const options = Object.freeze({ connections: 2, pipelining: 1 });
      const made = {
        Client: () => new Client(base, Object.freeze({ pipelining: 2 })),
        Pool: () => new Pool(base, options),
        BalancedPool: () => new BalancedPool([base], options),
        RoundRobinPool: () => RoundRobinPool && new RoundRobinPool(base, options),
        Agent: () => new Agent(options),
      };
      for (const [name, make] of Object.entries(made)) {
        const dispatcher = make();
        if (dispatcher === undefined) continue;
        const lines = told(dispatcher);
        const one = (path) => json(dispatcher.request({ origin: base, path, method: 'GET' }));
        const bodies = await Promise.all(
          ['/1', '/2', '/3', '/4', '/5'].map((path) => storage.run(path, () => one(path))),
        );
        seen(name, [
          bodies.map(([status, [, url]]) => [status, url]),
          names(dispatcher).length,
          [...new Set(lines)],
        ]);
        seen('listeners', [
          listeners(dispatcher),
          dispatcher.closed,
          dispatcher.destroyed,
          dispatcher.constructor.name,
        ]);
        seen('stats', [dispatcher.stats?.connected, dispatcher.stats?.running, dispatcher.stats?.pending]);
        seen('closed', [await dispatcher.close(), dispatcher.closed]);
        seen('after', await one('/late').catch((error) => error));
        seen('again', await dispatcher.destroy());
      }
    });
  },

  'a queue for one connection: whose storage, in which order': async (seen) => {
    await using(server(), async (port) => {
      const pool = new undici.Pool(`http://127.0.0.1:${port}`, { connections: 1 });
      const order = [];
      const all = ['a', 'b', 'c', 'd', 'e'].map((name) =>
        storage.run(name, async () => {
          const { body } = await pool.request({ path: `/${name}`, method: 'POST', body: name });
          order.push(`${name} ${storage.getStore()}`);
          return [storage.getStore(), (await body.json()).slice(0, 2), storage.getStore()];
        }),
      );
      seen('answers', await Promise.all(all));
      seen('order', order);
      const fetched = ['x', 'y', 'z'].map((name) =>
        storage.run(name, async () => {
          const response = await undici.fetch(`http://127.0.0.1:${port}/${name}`, { dispatcher: pool });
          return [(await response.json())[1], storage.getStore()];
        }),
      );
      seen('fetched', await Promise.all(fetched));
      await pool.close();
    });
  },

  'destroyed with requests in the queue': async (seen) => {
    const silent = http.createServer(() => {});
    await using(silent, async (port) => {
      const client = new undici.Client(`http://127.0.0.1:${port}`);
      const lines = told(client);
      const waiting = ['/1', '/2'].map((path) =>
        client.request({ path, method: 'GET' }).catch((error) => error),
      );
      await once(silent, 'request');
      seen('destroy', await client.destroy(new Error('on purpose')));
      seen('errors', await Promise.all(waiting));
      seen('events', lines);
    });
  },

  'interceptors: redirect, retry, dump, responseError, one of its own': async (seen) => {
    const { redirect, retry, dump, responseError } = undici.interceptors;
    await using(server(), async (port) => {
      const base = `http://127.0.0.1:${port}`;
      failing.clear();
      const agent = new undici.Agent();
      const calls = [];
      const own = (dispatch) =>
        function intercepted(options, handler) {
          calls.push([options.path, storage.getStore(), handler.constructor.name]);
          return dispatch({ ...options, headers: { ...options.headers, 'x-own': '1' } }, handler);
        };
      const composed = agent.compose(own, redirect({ maxRedirections: 2 }));
      seen(
        'redirect',
        await storage.run('asked', () => json(undici.request(`${base}/redirect`, { dispatcher: composed }))),
      );
      const retrying = agent.compose(retry({ maxRetries: 3, minTimeout: 1, timeoutFactor: 1 }));
      seen('retry', await json(undici.request(`${base}/flaky`, { dispatcher: retrying })));
      const dumping = agent.compose(dump({ maxSize: 1024 }));
      const { body } = await undici.request(base, { dispatcher: dumping });
      seen('dump', await body.text());
      const throwing = agent.compose(responseError());
      seen(
        'error',
        await undici.request(`${base}/400`, { dispatcher: throwing }).catch((error) => {
          delete error.headers;
          return error;
        }),
      );
      seen('calls', calls);
      seen('fetch', await (await undici.fetch(`${base}/redirect`, { dispatcher: retrying })).json());
      await agent.close();
      const retryAgent = new undici.RetryAgent(new undici.Agent(), { minTimeout: 1, maxRetries: 4 });
      seen('RetryAgent', await json(retryAgent.request({ origin: base, path: '/flaky-2', method: 'GET' })));
      await retryAgent.close();
    });
  },

  'ProxyAgent and EnvHttpProxyAgent': async (seen) => {
    const asked = [];
    const proxy = http.createServer((request, response) => {
      asked.push([request.method, request.url, request.headers.host]);
      response.end('"from the proxy"');
    });
    proxy.on('connect', (request, socket) => {
      asked.push([request.method, request.url, { ...request.headers, host: '' }]);
      const through = net.connect(request.url.split(':')[1], '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Established\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      for (const each of [socket, through]) each.on('error', () => {});
    });
    await using(server(), (port) =>
      using(proxy, async (proxyPort) => {
        const uri = `http://127.0.0.1:${proxyPort}`;
        const agents = {
          tunnel: new undici.ProxyAgent({ uri, proxyTunnel: true, token: 'Basic x' }),
          plain: new undici.ProxyAgent({ uri, proxyTunnel: false }),
          env: new undici.EnvHttpProxyAgent({ httpProxy: uri, noProxy: 'other' }),
          'env, not for it': new undici.EnvHttpProxyAgent({ httpProxy: uri, noProxy: '127.0.0.1' }),
        };
        for (const [name, dispatcher] of Object.entries(agents)) {
          seen(name, await json(undici.request(`http://127.0.0.1:${port}/through`, { dispatcher })));
          await dispatcher.close();
        }
        seen('asked', asked);
        const refused = new undici.ProxyAgent('http://127.0.0.1:1');
        const error = await undici
          .request(`http://127.0.0.1:${port}/`, { dispatcher: refused })
          .catch((thrown) => thrown);
        seen('refused', [error.code, error.constructor.name]);
        await refused.destroy();
      }),
    );
  },

  MockAgent: async (seen) => {
    const mock = new undici.MockAgent();
    mock.disableNetConnect();
    const pool = mock.get('http://mocked');
    const replied = [];
    pool.intercept({ path: '/a', method: 'POST' }).reply(201, (options) => {
      replied.push([options.path, options.body, options.headers]);
      return { mocked: true };
    });
    pool.intercept({ path: '/error' }).replyWithError(new Error('mocked'));
    pool
      .intercept({ path: '/f', headers: { 'x-a': '1' } })
      .reply(200, 'text')
      .persist();
    const options = Object.freeze({
      dispatcher: mock,
      method: 'POST',
      body: 'x',
      headers: Object.freeze({ h: '1' }),
    });
    seen('reply', await json(undici.request('http://mocked/a', options)));
    seen('replied', replied);
    seen('error', await undici.request('http://mocked/error', { dispatcher: mock }).catch((error) => error));
    seen('none', await undici.request('http://mocked/other', { dispatcher: mock }).catch((error) => error));
    const before = undici.getGlobalDispatcher();
    undici.setGlobalDispatcher(mock);
    seen('fetch', await (await undici.fetch('http://mocked/f', { headers: { 'x-a': '1' } })).text());
    seen(
      'global fetch',
      await fetch('http://mocked/f', { headers: { 'x-a': '1' } }).then(
        (got) => got.text(),
        (error) => error,
      ),
    );
    undici.setGlobalDispatcher(before);
    seen('pending', mock.pendingInterceptors().length);
    await mock.close();
  },

  'HTTP/2, unix sockets, and connectors of its own': async (seen) => {
    const own = certificate();
    const secure = http2.createSecureServer({ ...own, allowHTTP1: true }, async (request, response) => {
      response.end(
        JSON.stringify([request.httpVersion, request.url, { ...request.headers }, await read(request)]),
      );
    });
    await using(secure, async (port) => {
      for (const allowH2 of [true, false]) {
        const client = new undici.Client(`https://localhost:${port}`, {
          allowH2,
          connect: { ca: own.ca, family: 4 },
        });
        seen(`h2 ${allowH2}`, await json(client.request({ path: '/h2', method: 'POST', body: 'sent' })));
        await client.destroy();
      }
    });
    const path = `${require('node:os').tmpdir()}/parity-undici-${process.pid}.sock`;
    await using(
      server(),
      async () => {
        const client = new undici.Client('http://localhost', { socketPath: path });
        seen('unix', await json(client.request({ path: '/unix', method: 'GET' })));
        await client.close();
      },
      path,
    );
    await using(server(), async (port) => {
      const calls = [];
      const connect = (options, callback) => {
        calls.push([Object.keys(options), typeof callback, storage.getStore()]);
        const socket = net.connect(port, '127.0.0.1', () => callback(null, socket));
      };
      const client = new undici.Client('http://elsewhere', { connect });
      seen(
        'connector',
        await json(storage.run('asked', () => client.request({ path: '/own', method: 'GET' }))),
      );
      seen('calls', calls);
      await client.close();
      const broken = new undici.Client('http://elsewhere', {
        connect: (_options, done) => done(new Error('no way')),
      });
      const lines = told(broken);
      seen('broken', await broken.request({ path: '/', method: 'GET' }).catch((error) => error));
      await Promise.all([turns(), sleep(1)]);
      seen('events', lines);
      await broken.destroy();
    });
  },
};
