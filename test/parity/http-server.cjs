// Servers of http: the objects that a handler gets, their events, their errors, the classes of an application.
const http = require('node:http');
const stream = require('node:stream');
const {
  answer,
  listeners,
  names,
  printed,
  raw,
  read,
  storage,
  turns,
  using,
  watch,
} = require('./tools/http.cjs');

exports.title = 'http servers: requests, responses and their events';
exports.points = ['wsgi', 'http'];

const close = 'Connection: close\r\n\r\n';
const get = (port, options) => http.get({ port, agent: false, ...options });

exports.cases = {
  'what a handler gets': async (seen) => {
    const server = http.createServer(function handler(request, response) {
      seen('this', this === server);
      seen('arguments', arguments.length);
      seen('classes', [
        request.constructor === http.IncomingMessage,
        response.constructor === http.ServerResponse,
      ]);
      seen('instances', [request instanceof stream.Readable, response instanceof http.OutgoingMessage]);
      seen('linked', [
        response.req === request,
        request.socket === response.socket,
        request.socket.server === server,
      ]);
      seen('names', [names(request), names(response)]);
      seen('listeners', [
        listeners(request),
        listeners(response),
        listeners(request.socket),
        listeners(server),
      ]);
      seen('request', [
        request.method,
        request.url,
        request.headers,
        request.rawHeaders,
        request.httpVersion,
      ]);
      seen('emit', [request.emit.name, request.emit.length, response.emit.name, response.emit.length]);
      seen('in', [
        Object.keys(request).includes('emit'),
        'emit' in request,
        JSON.stringify(Object.keys(response)),
      ]);
      seen('returned', [
        request.emit('mine', 1),
        response.emit('mine'),
        request.on('mine', () => {}).emit('mine'),
      ]);
      response.setHeader('A', 'b');
      seen('response', [
        response.getHeaders(),
        response.headersSent,
        response.statusCode,
        response.writableEnded,
      ]);
      seen('end', response.end('done') === response);
    });
    await using(server, async (port) =>
      seen('answer', (await answer(get(port, { headers: { x: 'y' } }))).status),
    );
  },

  'what `console.log` shows of request, response and server': async (seen) => {
    const server = http.createServer((request, response) => {
      for (const depth of [0, 1, 3]) {
        seen(`request ${depth}`, printed(request, { depth }));
        seen(`response ${depth}`, printed(response, { depth }));
      }
      seen('hidden', printed(request, { depth: 0, showHidden: true }).replace(/^ *\[emit\]:.*\n/m, ''));
      seen('copy', [Object.keys({ ...request }), Object.keys(Object.assign({}, response))]);
      response.end();
      seen('server', printed(server, { depth: 1 }));
    });
    await using(server, (port) => raw(port, `GET / HTTP/1.1\r\nHost: a\r\n${close}`));
  },

  'events of request, response, socket and server, in order': async (seen) => {
    const server = http.createServer();
    const lines = {
      server: watch(server, ['listening', 'connection', 'request', 'close', 'error', 'dropRequest']),
    };
    const over = new Promise((resolve) => {
      server.on('request', (request, response) => {
        lines.request = watch(request, ['pause', 'resume', 'data', 'end', 'error', 'aborted', 'close']);
        lines.response = watch(response, ['pipe', 'prefinish', 'finish', 'drain', 'error', 'close']);
        lines.socket = watch(request.socket, ['timeout', 'end', 'error', 'close']);
        seen('storage', storage.getStore());
        request.on('end', () => response.end('x', () => lines.response.push('the callback of end')));
        request.socket.on('close', resolve);
      });
    });
    await using(server, async (port) => {
      const request = http.request({ port, agent: false, method: 'POST' });
      await storage.run('the client', () => answer(request.end('body')));
      await over;
    });
    for (const [name, list] of Object.entries(lines)) seen(name, list);
  },

  'the application’s storage in a handler and after it': async (seen) => {
    const lines = [];
    const note = (what) => lines.push(`${what} ${storage.getStore()}`);
    const server = http.createServer((request, response) => {
      storage.run(request.url, async () => {
        note('handler');
        request.on('data', () => note('data')).on('end', () => note('end'));
        response.on('finish', () => note('finish')).on('close', () => note('response close'));
        await null;
        note('await');
        setImmediate(() => note('immediate'));
        queueMicrotask(() => note('microtask'));
        process.nextTick(() => note('tick'));
        await read(request);
        note('read');
        response.end('x', () => note('end callback'));
      });
      note('after run');
      storage.enterWith('entered');
    });
    await storage.run('outside', () =>
      using(server, async (port) => {
        await answer(http.request({ port, agent: false, method: 'PUT', path: '/1' }).end('abc'));
        await turns();
      }),
    );
    seen('lines', lines);
    seen('left', storage.getStore());
  },

  'errors that a response throws': async (seen) => {
    const server = http.createServer((_request, response) => {
      const throwing = (label, body) => {
        try {
          seen(label, body());
        } catch (error) {
          seen(label, error);
        }
      };
      throwing('name', () => response.setHeader('a b', '1'));
      throwing('value', () => response.setHeader('a', 'b\r\nc'));
      throwing('undefined', () => response.setHeader('a', undefined));
      throwing('status', () => response.writeHead(42));
      throwing('chunk', () => response.write(null));
      throwing('chunk type', () => response.write(7));
      response.writeHead(200, 'Fine', ['A', '1', 'B', '2']);
      response.write('x');
      throwing('sent', () => response.setHeader('c', '3'));
      throwing('removed', () => response.removeHeader('c'));
      throwing('head', () => response.writeHead(200));
      throwing('hints', () => response.writeEarlyHints({ link: 7 }));
      response.on('error', (error) => seen('error', error));
      response.end();
      throwing('after the end', () => response.write('y', (error) => seen('callback', error)));
      throwing('twice', () => response.end('z', (error) => seen('end callback', error)) === response);
      throwing('trailers', () => response.addTrailers({ 'a b': '1' }));
    });
    await using(server, async (port) => seen('answer', await answer(get(port))));
    await turns();
  },

  'headers: in lists, doubled, distinct, and removed': async (seen) => {
    const server = http.createServer({ joinDuplicateHeaders: true }, (request, response) => {
      seen('headers', [request.headers, request.headersDistinct, request.rawHeaders]);
      response.setHeader('Set-Cookie', ['a=1', 'b=2']).setHeader('X-One', 'first');
      response.appendHeader('x-one', 'second').appendHeader('Set-Cookie', 'c=3');
      response.setHeaders?.(new Headers([['m', '1']]));
      response.setHeader('Gone', '1');
      response.removeHeader('gone');
      seen('names', [response.getHeaderNames(), response.getRawHeaderNames?.(), response.hasHeader('X-ONE')]);
      response.writeHead(203, { 'x-more': ['p', 'q'] });
      response.end();
    });
    await using(server, async (port) => {
      seen(
        'raw',
        await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\nCookie: a\r\ncookie: b\r\n${close}`),
      );
      const headers = [
        ['X', '1'],
        ['x', '2'],
        ['Host', 'h'],
      ].flat();
      seen('list', (await answer(get(port, { headers }))).raw.length);
    });
  },
};

exports.ends = {
  'a handler that throws': async () => {
    const server = http.createServer((request) => {
      request.url.nothing.there();
    });
    server.listen(0, '127.0.0.1', () => get(server.address().port).on('error', () => {}));
  },

  'a rejection of a handler': async () => {
    const server = http.createServer(async (request) => {
      await read(request);
      throw new TypeError('of a handler');
    });
    server.listen(0, '127.0.0.1', () => get(server.address().port).on('error', () => {}));
  },

  'an exit from within a handler': async () => {
    process.on('exit', (code) => console.log('exit', code));
    const server = http.createServer((_request, response) => {
      response.write('x');
      process.exitCode = 3;
      process.exit();
    });
    server.listen(0, '127.0.0.1', () => get(server.address().port).on('error', () => {}));
  },
};
