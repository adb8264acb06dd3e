// Servers of http2: streams, and the compatible requests and responses.
const http2 = require('node:http2');
const { once } = require('node:events');
const { listeners, names, signed, storage, turns, watch } = require('./tools/http.cjs');
const { ask, connected, reply } = require('./tools/http2.cjs');

exports.title = 'http2: servers';
exports.points = ['http', 'wsgi'];
exports.triggered = ['wsgi'];

const { constants } = http2;
const closed = (emitter) => new Promise((resolve) => emitter.once('close', resolve));

/** Calls a function, for what it returns or throws. */
const attempt = (body) => {
  try {
    return body();
  } catch (error) {
    return error;
  }
};

exports.cases = {
  'the stream API': async (seen) => {
    const server = http2.createServer();
    const events = [];
    server.on('stream', function handler(stream, headers, flags, rawHeaders) {
      seen('this', [this === server, arguments.length, storage.getStore()]);
      seen('stream', [
        stream.constructor.name,
        names(stream),
        stream.id,
        stream.pushAllowed,
        stream.headersSent,
      ]);
      seen('listeners', [listeners(stream), listeners(stream.session), listeners(server)]);
      seen('headers', [{ ...headers }, flags, rawHeaders, Object.getPrototypeOf(headers)]);
      seen('emit', [stream.emit.name, stream.emit.length, Object.keys(stream).includes('emit')]);
      events.push(watch(stream, ['data', 'end', 'finish', 'close', 'aborted', 'error', 'wantTrailers']));
      stream.on('end', () => {
        stream.respond({ ':status': 201, 'x-own': ['a', 'b'] });
        seen('sent', [{ ...stream.sentHeaders }, stream.headersSent]);
        storage.run('ending', () => stream.end('body'));
      });
      seen(
        'again',
        attempt(() => stream.additionalHeaders({ ':status': 200 })),
      );
    });
    await connected(server, async (session) => {
      for (const headers of [{}, signed()]) {
        seen('reply', await ask(session, { ':method': 'POST', 'x-a': '1', ...headers }, 'sent'));
      }
      await turns();
    });
    seen('events', events);
  },

  'the compatible API': async (seen) => {
    const events = [];
    const server = http2.createServer((request, response) => {
      seen('classes', [request.constructor === http2.Http2ServerRequest, response.constructor.name]);
      seen('names', [names(request), names(response), names(request.stream)]);
      seen('listeners', [listeners(request), listeners(response), listeners(request.stream)]);
      seen('linked', [request.stream === response.stream, response.req === request, storage.getStore()]);
      const { method, url, scheme, authority, httpVersion } = request;
      seen('request', [
        method,
        url,
        scheme,
        authority,
        httpVersion,
        { ...request.headers },
        request.rawHeaders,
      ]);
      seen('emit', [request.emit.name, request.emit.length, response.emit.name]);
      events.push(
        watch(request, ['data', 'end', 'close', 'aborted']),
        watch(response, ['finish', 'close', 'error']),
      );
      request.on('end', () => {
        seen('set', response.setHeader('A', '1'));
        response.statusCode = 202;
        response.statusMessage = 'not sent';
        response.setTrailer('x-trailer', 'b');
        seen('written', [response.write('one'), response.headersSent, { ...response.getHeaders() }]);
        seen(
          'too late',
          attempt(() => response.setHeader('b', '2')),
        );
        storage.run('ending', () =>
          seen('end', response.end('two', () => events.push(storage.getStore())) === response),
        );
        response.end((error) => events.push(error?.code));
      });
    });
    await connected(server, async (session) => {
      for (const headers of [{}, signed()]) {
        seen('reply', await ask(session, { ':method': 'PUT', ':path': '/x?y', ...headers }, 'sent'));
      }
      await turns();
    });
    seen('events', events);
  },

  'what a response throws': async (seen) => {
    const server = http2.createServer((_request, response) => {
      seen(
        'name',
        attempt(() => response.setHeader('a b', '1')),
      );
      seen(
        'pseudo',
        attempt(() => response.setHeader(':status', 1)),
      );
      seen(
        'value',
        attempt(() => response.setHeader('a', undefined)),
      );
      seen(
        'connection',
        attempt(() => response.setHeader('connection', 'close')),
      );
      seen(
        'status',
        attempt(() => (response.statusCode = 42)),
      );
      seen(
        'informational',
        attempt(() => response.writeHead(101)),
      );
      seen(
        'hints',
        attempt(() => response.writeEarlyHints({ link: '</a>; rel=preload' })),
      );
      seen(
        'continue',
        attempt(() => response.writeContinue()),
      );
      seen(
        'chunk',
        attempt(() => response.write(7)),
      );
      seen('own', [
        attempt(() => response.stream.respond({ ':status': 200, ':x': 1 })),
        response.headersSent,
      ]);
      seen(
        'length',
        attempt(() => response.writeHead(200, 'Fine', { 'content-length': 1 }) === response),
      );
      response.end('x');
    });
    await connected(server, async (session) => seen('reply', await ask(session)));
  },

  'own classes, and captured rejections': async (seen) => {
    class OwnRequest extends http2.Http2ServerRequest {
      own = true;
    }
    class OwnResponse extends http2.Http2ServerResponse {
      emit(...args) {
        emitted.push(`${String(args[0])} ${args.length}`);
        return super.emit(...args);
      }
    }
    const emitted = [];
    const classes = { Http2ServerRequest: OwnRequest, Http2ServerResponse: OwnResponse };
    const server = http2.createServer(classes, (request, response) => {
      seen('own', [request.own, request.constructor === OwnRequest, response instanceof OwnResponse]);
      response.end('x');
    });
    await connected(server, async (session) => {
      seen('reply', await ask(session));
      await turns();
      seen('emitted', emitted);
    });
  },

  'Expect, CONNECT, and methods without a body': async (seen) => {
    const server = http2.createServer((request, response) =>
      response.end(`${request.method} ${request.url}`),
    );
    server.on('checkContinue', (request, response) => {
      seen('continue', [request.headers.expect, response.writeContinue()]);
      response.end('continued');
    });
    server.on('checkExpectation', (request, response) => response.writeHead(417).end());
    server.on('connect', (request, response) => {
      seen('connect', [request.method, request.authority.replace(/\d+/, 'PORT'), request.constructor.name]);
      response.writeHead(200);
      response.stream.on('data', (data) => response.end(`through ${data}`));
    });
    await connected(server, async (session) => {
      seen('expect', await ask(session, { ':method': 'POST', expect: '100-continue' }, 'x'));
      seen('other', await ask(session, { ':method': 'POST', expect: 'cake' }, 'x'));
      seen('head', await ask(session, { ':method': 'HEAD' }));
      const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'a:1' });
      tunnel.on('end', () => tunnel.end()).write('me');
      seen('tunnel', await reply(tunnel));
      seen('no continue', constants.HTTP2_HEADER_EXPECT);
    });
  },

  'timeouts of streams and sessions': async (seen) => {
    const server = http2.createServer(() => {});
    seen('server', [server.timeout, server.setTimeout(60_000) === server]);
    const started = once(server, 'session');
    await connected(server, async (session) => {
      const stream = session.request();
      const events = watch(stream, ['timeout', 'close', 'aborted']);
      seen('set', [stream.setTimeout(3, () => stream.close(8)), session.setTimeout(1000)]);
      await closed(stream);
      seen('stream', [events, stream.rstCode]);
      const [of] = await started;
      const gone = closed(session);
      of.setTimeout(3, function (...args) {
        seen('session', [this === of, args.length, of.constructor.name]);
        of.destroy();
      });
      await gone;
    });
  },
};

exports.ends = {
  'a handler of http2 that throws': async () => {
    const server = http2.createServer(() => {
      throw new TypeError('of a handler');
    });
    server.listen(0, '127.0.0.1', () => {
      http2.connect(`http://127.0.0.1:${server.address().port}`).request();
    });
  },
};
