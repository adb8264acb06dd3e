// Requests that carry signed headers: an idle agent begins a trace for them, and the application must see
// what it sees of any other request.
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { finished } = require('node:stream');
const {
  answer,
  listeners,
  names,
  raw,
  read,
  signed,
  storage,
  turns,
  using,
  watch,
} = require('./tools/http.cjs');

exports.title = 'http servers: requests with signed headers';
exports.points = ['wsgi', 'http'];
exports.triggered = ['wsgi', 'http'];

const get = (port, path = '/', more = {}) =>
  http.get({ port, path, agent: false, ...more, headers: { ...signed(), ...more.headers } });
const lines = (headers) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
const one = (path, headers) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines(headers)}\r\n`;

exports.cases = {
  'what a handler gets, and the events of it': async (seen) => {
    const server = http.createServer({ keepAlive: true }, function handler(request, response) {
      seen('this', [this === server, arguments.length, storage.getStore()]);
      seen('classes', [
        request.constructor === http.IncomingMessage,
        response.constructor === http.ServerResponse,
      ]);
      seen('names', [names(request), names(response)]);
      seen('listeners', [
        listeners(request),
        listeners(response),
        listeners(request.socket),
        listeners(server),
      ]);
      seen('headers', [request.headers, request.rawHeaders, request.headersDistinct]);
      seen('answered', [response.getHeaderNames(), response.emit.name, request.emit.length]);
      const events = [
        watch(request, ['data', 'end', 'close']),
        watch(response, ['finish', 'close', 'prefinish']),
      ];
      const stored = [watch(request, ['mine']), watch(response, ['mine'])];
      storage.run('emitted', () => seen('emit', [request.emit('mine', 1), response.emit('mine', 2)]));
      request.on('end', () => response.end('x', () => events.push(`callback ${storage.getStore()}`)));
      response.on('close', () => seen('events', [events, stored]));
    });
    await using(server, async (port) => {
      const request = http.request({ port, agent: false, method: 'POST', headers: signed() });
      const { status, raw: headers, body } = await answer(request.end('body'));
      seen('answer', [status, headers, body]);
      await turns();
    });
  },

  'signed, unsigned, and wrongly signed ones in turn, on one connection': async (seen) => {
    const stores = [];
    const server = http.createServer(async (request, response) => {
      storage.enterWith(request.url);
      await new Promise((resolve) => setTimeout(resolve, 1));
      response.on('finish', () => stores.push(`${request.url} ${storage.getStore()}`));
      seen(request.url, [listeners(request.socket), listeners(request), names(request).length]);
      response.end(request.url);
    });
    const { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac } = signed();
    const hostile = [
      { 'X-Trace-Info': info },
      { 'X-Trace-HMAC': hmac },
      { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac.replace(/./, 'x') },
      { 'X-Trace-Info': 'x'.repeat(5000), 'X-Trace-HMAC': hmac },
      { 'X-Trace-Info': '', 'X-Trace-HMAC': '' },
      { 'X-TRACE-INFO': info, 'x-trace-hmac': `${hmac}${hmac}` },
    ];
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    await using(server, async (port) => {
      for (const [i, headers] of [signed(), {}, ...hostile, {}, signed()].entries()) {
        const response = await answer(http.get({ port, agent, path: `/${i}`, headers }));
        seen(`answer ${i}`, [response.status, response.body, response.raw.length]);
      }
      seen('sockets', agent.totalSocketCount);
      const both = await raw(
        port,
        one('/a', signed()) + one('/b', {}) + one('/c', { ...signed(), Connection: 'close' }),
      );
      seen('at once', both.match(/\/[abc]$|HTTP\/1.1 \d+/gm));
    });
    agent.destroy();
    seen('stores', stores.slice(0, 10));
  },

  'what a handler awaits, times, asks others for, and leaves behind': async (seen) => {
    const seenIn = [];
    const note = (what) => seenIn.push(`${what} ${storage.getStore()}`);
    const inner = http.createServer((request, response) => response.end(JSON.stringify(request.headers)));
    await using(inner, async (innerPort) => {
      const server = http.createServer((_request, response) => {
        storage.run('handler', async () => {
          setImmediate(() => note('immediate'));
          process.nextTick(() => note('tick'));
          const asked = http.get({ port: innerPort, agent: false, headers: { own: '1' } });
          seen('asked', [names(asked), listeners(asked), asked.getHeaders()]);
          asked.on('response', () => note('response'));
          const { body } = await answer(asked);
          const fetched = await (await fetch(`http://127.0.0.1:${innerPort}/`)).json();
          note('fetched');
          seen('inner', [JSON.parse(body), fetched]);
          await new Promise((resolve) => setTimeout(resolve, 2));
          note('timer');
          response.end('x');
          finished(response, () => note('finished'));
        });
      });
      await using(server, async (port) => {
        seen('status', (await answer(get(port))).status);
        await turns();
      });
    });
    seen('order', seenIn);
  },

  'a client that goes away, a server that destroys': async (seen) => {
    const server = http.createServer();
    await using(server, async (port) => {
      for (const way of ['client', 'request', 'response', 'socket']) {
        const asked = get(port).on('error', () => {});
        const [request, response] = await once(server, 'request');
        const events = [
          watch(request, ['aborted', 'end', 'error', 'close']),
          watch(response, ['error', 'close']),
        ];
        response.write('begun');
        await once(asked, 'response');
        if (way === 'client') asked.destroy();
        else if (way === 'socket') request.socket.destroy();
        else ({ request, response })[way].destroy();
        if (!response.closed) await new Promise((resolve) => response.on('close', resolve));
        await turns();
        seen(way, [
          events,
          request.aborted,
          request.errored?.code,
          response.writableFinished,
          response.destroyed,
        ]);
      }
    });
  },

  'Expect, Upgrade, CONNECT, HEAD, hints': async (seen) => {
    const server = http.createServer((request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      request.resume().on('end', () => response.end('body'));
    });
    server.on('upgrade', (request, socket, head) => {
      seen('upgrade', [names(request), listeners(request), listeners(socket), head, request.rawHeaders]);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\nbytes');
    });
    server.on('connect', (request, socket, head) => {
      seen('connect', [names(request), listeners(request), listeners(socket), head, request.url]);
      socket.end('HTTP/1.1 200 Fine\r\n\r\nmore');
    });
    await using(server, async (port) => {
      const close = { ...signed(), Connection: 'close' };
      seen('expect', await raw(port, one('/', { ...close, Expect: '100-continue', 'Content-Length': 0 })));
      seen('head', await raw(port, one('/', close).replace('GET', 'HEAD')));
      seen('upgraded', await raw(port, one('/', { ...signed(), Connection: 'Upgrade', Upgrade: 'own' })));
      seen('connected', await raw(port, one('a:1', signed()).replace('GET', 'CONNECT')));
      seen('bad', await raw(port, one('/', { ...close, 'a b': 'c' })));
    });
  },

  'own classes and an own `emit`': async (seen) => {
    const emitted = [];
    class OwnResponse extends http.ServerResponse {
      emit(...args) {
        emitted.push(`response ${String(args[0])} ${args.length} ${storage.getStore()}`);
        return super.emit(...args);
      }
    }
    const server = http.createServer({ ServerResponse: OwnResponse }, (request, response) => {
      const { emit } = request;
      request.emit = (...args) => {
        emitted.push(`request ${String(args[0])} ${args.length}`);
        return Reflect.apply(emit, request, args);
      };
      request.resume().on('end', () => storage.run('ending', () => response.end('x')));
      seen('class', [response.constructor === OwnResponse, response instanceof OwnResponse]);
    });
    await using(server, async (port) => {
      await answer(get(port));
      await turns();
    });
    for (const who of ['request', 'response'])
      seen(
        who,
        emitted.filter((line) => line.startsWith(who)),
      );
  },

  'errors that a handler throws, and an unread body': async (seen) => {
    const errors = [];
    const onError = (error, origin) => errors.push([error, origin, storage.getStore()]);
    process.on('uncaughtException', onError);
    const server = http.createServer((request, response) => {
      if (request.url === '/throw') storage.run('thrower', () => request.nothing.there);
      if (request.url === '/emit') request.emit('error', new Error('emitted, not handled'));
      response.end('unread');
    });
    await using(server, async (port) => {
      for (const path of ['/throw', '/emit']) {
        const request = get(port, path).on('error', () => {});
        while (errors.length === 0) await turns(1);
        seen(path, errors.splice(0));
        request.destroy();
      }
      const request = http.request({ port, agent: false, method: 'POST', headers: signed() });
      seen('unread', (await answer(request.end('x'.repeat(100_000)))).body);
    });
    process.off('uncaughtException', onError);
  },
};

exports.ends = {
  'a handler of a signed request that throws': async () => {
    const server = http.createServer(async (request) => {
      await read(request);
      throw new TypeError('of a handler');
    });
    server.listen(0, '127.0.0.1', () => net.connect(server.address().port).write(one('/', signed())));
  },
};
