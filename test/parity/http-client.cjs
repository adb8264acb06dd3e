// Requests that an application makes: their options, objects and events.
const http = require('node:http');
const { once, on } = require('node:events');
const { promisify } = require('node:util');
const {
  answer,
  brief,
  listeners,
  names,
  printed,
  read,
  storage,
  turns,
  using,
  watch,
} = require('./tools/http.cjs');

exports.title = 'http clients: requests and responses';
exports.points = ['http', 'wsgi'];

const echo = () =>
  http.createServer(async (request, response) => {
    const body = await read(request);
    response.end(JSON.stringify([request.method, request.url, request.headers, body]));
  });
const ask = (port, options) => http.request({ port, agent: false, ...options });
const closed = (emitter) => new Promise((resolve) => emitter.once('close', resolve));

/** Freezes an object and all within it, so that whoever changes them is found out. */
function frozen(value) {
  for (const inner of Object.values(value)) {
    if (Array.isArray(inner) || Object.getPrototypeOf(Object(inner)) === Object.prototype) frozen(inner);
  }
  return Object.freeze(value);
}

exports.cases = {
  'the ways to ask, and what they return': async (seen) => {
    await using(echo(), async (port) => {
      const url = `http://user:p%40ss@127.0.0.1:${port}/path?q=1#hash`;
      const agent = new http.Agent();
      const options = frozen({
        port,
        agent,
        headers: { a: '1', b: ['2', '3'] },
        method: 'put',
        path: '/p?x=y',
      });
      const ways = {
        text: () => http.request(url, { agent }),
        URL: () => http.request(new URL(url), { agent }),
        options: () => http.request(options),
        both: () =>
          http.request(url, { agent, path: '/other', headers: frozen(['X', '1', 'Host', 'h', 'x', '2']) }),
        'a null prototype': () => http.request(Object.assign(Object.create(null), { port, agent })),
        'inherited options': () => http.request(Object.create({ port, agent, path: '/inherited' })),
        ClientRequest: () => new http.ClientRequest({ port, agent, path: '/direct' }),
        'new request': () => new http.request({ port, agent }),
        'called without this': () => (0, http.request)({ port, agent }),
        'called on something else': () => Reflect.apply(http.request, { own: true }, [{ port, agent }]),
        get: () => http.get({ port, agent }),
        'get with a method': () =>
          http.get({ port, agent, method: 'POST', headers: { 'content-length': 0 } }),
      };
      for (const [name, way] of Object.entries(ways)) {
        const request = way();
        seen(name, [
          request.constructor === http.ClientRequest,
          request instanceof http.OutgoingMessage,
          names(request),
        ]);
        seen('fields', [request.method, request.path, request.host, request.protocol, request.reusedSocket]);
        seen('headers', [
          request.getHeaders(),
          request.getHeaderNames(),
          request.headersSent,
          request.finished,
        ]);
        seen('end', request.end() === request);
        seen('answer', await answer(request).then(({ body }) => JSON.parse(body), brief));
      }
      seen('agent', Object.keys(agent.sockets));
    });
  },

  'callbacks: how often, with what, in which storage': async (seen) => {
    await using(echo(), async (port) => {
      for (const method of ['get', 'request']) {
        let calls = 0;
        const request = storage.run(method, () =>
          http[method](`http://127.0.0.1:${port}/`, { agent: false }, function (...args) {
            seen('callback', [
              ++calls,
              args.length,
              args[0].constructor === http.IncomingMessage,
              this === request,
            ]);
            seen('storage', storage.getStore());
            args[0].resume();
          }),
        );
        seen('response listeners', [
          listeners(request),
          request.listeners('response').map(({ name }) => name),
        ]);
        request.end();
        await closed(request);
      }
      seen(
        'promisify',
        await promisify(http.get)(`http://127.0.0.1:${port}/`).catch((response) => response.statusCode),
      );
    });
  },

  'what `console.log` shows of a request and a response': async (seen) => {
    const server = http.createServer((_request, response) => response.end('x'));
    await using(server, async (port) => {
      const request = ask(port, { method: 'POST', path: '/x' });
      for (const depth of [0, 1]) seen(`made ${depth}`, printed(request, { depth }));
      seen('keys', [Object.keys(request), Object.keys({ ...request })]);
      const [response] = await once(request.end('a'), 'response');
      for (const depth of [0, 1]) seen(`answered ${depth}`, printed(request, { depth }));
      for (const depth of [0, 1]) seen(`response ${depth}`, printed(response, { depth }));
      seen('names', [names(response), response.req === request, response.emit.name, request.emit.length]);
      await read(response);
    });
  },

  'events of a request, its response and their sockets': async (seen) => {
    await using(echo(), async (port) => {
      const request = storage.run('asked', () => ask(port, { method: 'POST' }));
      const lines = watch(request, [
        'socket',
        'response',
        'prefinish',
        'finish',
        'drain',
        'error',
        'close',
        'abort',
      ]);
      const inner = [];
      request.on('socket', (socket) =>
        inner.push(watch(socket, ['lookup', 'connect', 'ready', 'end', 'close'])),
      );
      request.on('response', (response) => {
        seen('in response', [
          storage.getStore(),
          listeners(response),
          listeners(request),
          listeners(response.socket),
        ]);
        inner.push(watch(response, ['readable', 'data', 'end', 'close', 'error']));
        storage.run('read', () => response.resume());
      });
      seen('setters', [
        request.setNoDelay(),
        request.setSocketKeepAlive(true),
        request.setHeader('late', '1') === request,
      ]);
      storage.run('ended', () => request.end('a'));
      await closed(request);
      await turns();
      seen('request', lines);
      seen(
        'socket and response',
        inner.map((list) => list.filter((line) => !line.startsWith('data'))),
      );
    });
  },

  'a response that nobody listens to is thrown away': async (seen) => {
    await using(echo(), async (port) => {
      const request = ask(port, { path: '/unread' }).end();
      await closed(request);
      seen('response', [request.res?.complete, request.res?._dumped, request.listenerCount('response')]);
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 3; i++) await closed(http.get({ port, agent }));
      seen('reused', [agent.totalSocketCount, (await answer(http.get({ port, agent }))).status]);
      agent.destroy();
    });
  },

  'events.once, events.on, iteration and signals': async (seen) => {
    await using(echo(), async (port) => {
      const request = ask(port).end();
      const [response, ...rest] = await once(request, 'response');
      seen('once', [rest.length, response.statusCode]);
      for await (const [chunk] of on(response, 'data', { close: ['end'] })) seen('data', chunk.length > 10);
      const signal = AbortSignal.abort(new Error('before'));
      const early = ask(port, { signal });
      seen('early', await once(early, 'response').catch((error) => error));
      seen(
        'once aborted',
        await once(
          ask(port).on('error', () => {}),
          'response',
          { signal },
        ).catch((error) => error),
      );
      const iterated = [];
      for await (const chunk of (await once(ask(port).end(), 'response'))[0])
        iterated.push(chunk.constructor.name);
      seen('iterated', iterated);
    });
  },
};
