// Messages and their bodies: streamed both ways, without a body, with trailers, malformed.
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { Readable, Transform, finished, pipeline } = require('node:stream');
const { pipeline: piped } = require('node:stream/promises');
const {
  answer,
  bodyOf,
  brief,
  listeners,
  raw,
  read,
  storage,
  turns,
  using,
  watch,
} = require('./tools/http.cjs');

exports.title = 'http: bodies, trailers, 1xx, malformed messages';
exports.points = ['wsgi', 'http'];

const close = 'Host: a\r\nConnection: close\r\n';
const ask = (port, options) => http.request({ port, agent: false, ...options });
const post = (port, headers) => ask(port, { method: 'POST', headers });
const upper = () =>
  new Transform({ transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()) });

exports.cases = {
  'a body of megabytes, both ways, at the pace of the reader': async (seen) => {
    const size = 4 * 1024 * 1024;
    const server = http.createServer((request, response) => {
      pipeline(request, response, (error) => seen('echoed', error));
    });
    await using(server, async (port) => {
      const request = post(port, {});
      const chunk = Buffer.alloc(65_536, 'x');
      let drains = 0;
      let paused = 0;
      const writing = (async () => {
        for (let written = 0; written < size; written += chunk.length) {
          if (request.write(chunk)) continue;
          paused++;
          await once(request, 'drain');
          drains++;
        }
        request.end();
      })();
      const [response] = await once(request, 'response');
      let got = 0;
      for await (const piece of response) got += piece.length;
      await writing;
      seen('got', [got === size, drains === paused, drains > 0, request.writableFinished, response.complete]);
      seen('listeners', [listeners(request), listeners(response)]);
    });
  },

  'pipeline, async iteration, `for await` that is left early': async (seen) => {
    const server = http.createServer(async (request, response) => {
      await piped(request, upper(), response);
      seen('piped', [response.writableFinished, request.destroyed, storage.getStore()]);
    });
    await using(server, async (port) => {
      const request = post(port, {});
      await piped(Readable.from(['a', 'b', 'c']), request);
      seen('answer', await answer(request).catch((error) => error));
      const second = post(port, {}).end('first second');
      const [response] = await once(second, 'response');
      for await (const piece of response) {
        seen('piece', String(piece));
        break;
      }
      await turns();
      seen('left', [response.destroyed, response.errored?.code, second.destroyed, response.aborted]);
    });
  },

  '`finished` and `end` callbacks': async (seen) => {
    const lines = [];
    const server = http.createServer((request, response) => {
      finished(request, (error) => lines.push(`request finished ${error}`));
      finished(response, (error) => lines.push(`response finished ${error}`));
      request.resume();
      response.write('a', () => lines.push(`write callback ${storage.getStore()}`));
      storage.run('ending', () =>
        response.end('b', 'latin1', () => lines.push(`end callback ${storage.getStore()}`)),
      );
      response.end((error) => lines.push(`second end ${error?.code}`));
    });
    await using(server, async (port) => {
      const request = post(port, {});
      seen('end', request.end('x', () => seen('client end', request.writableFinished)) === request);
      seen('answer', (await answer(request)).body);
      request.end(() => {});
      const { res } = request;
      let late = 0;
      res.on('end', () => late++);
      seen('after the end', [res.readableEnded, listeners(res)]);
      await turns();
      seen('late', late);
    });
    seen('lines', lines);
  },

  'lengths that do not hold': async (seen) => {
    const server = http.createServer((request, response) => {
      response.strictContentLength = true;
      response.setHeader('Content-Length', 3);
      for (const body of [() => response.write('ab'), () => response.write('cd'), () => response.end('de')]) {
        try {
          seen('written', body());
        } catch (error) {
          seen('thrown', error);
        }
      }
      response.destroy();
    });
    await using(server, async (port) => {
      seen('raw', await raw(port, `GET / HTTP/1.1\r\n${close}\r\n`));
      const request = post(port, { 'Content-Length': 2 });
      request.on('error', (error) => seen('error', brief(error)));
      seen('too much', request.write('abc'));
      request.destroy();
      await turns();
    });
  },

  'corked, flushed, encoded and empty': async (seen) => {
    const server = http.createServer((_request, response) => {
      response.cork();
      response.write('616263', 'hex');
      response.write(new Uint8Array([100, 101]));
      seen('corked', [response.writableCorked, response.writableLength > 0, response.writableHighWaterMark]);
      response.uncork();
      response.flushHeaders();
      response.write('');
      seen('flags', [response.headersSent, response.chunkedEncoding, response.writableNeedDrain]);
      response.end('ü', 'utf8');
    });
    await using(server, async (port) => {
      const request = post(port, { 'Transfer-Encoding': 'chunked' });
      request.flushHeaders();
      seen('headers', [request.headersSent, request.getRawHeaderNames?.()]);
      seen('answer', await answer(request.end()));
    });
  },

  'HEAD, 204, 304 and answers without a body': async (seen) => {
    const server = http.createServer({ rejectNonStandardBodyWrites: false }, (request, response) => {
      response.statusCode = Number(request.url.slice(1));
      seen('written', response.write('not sent'));
      response.end('neither');
    });
    await using(server, async (port) => {
      for (const [method, path] of [
        ['HEAD', '/200'],
        ['GET', '/204'],
        ['GET', '/304'],
        ['HEAD', '/404'],
      ]) {
        seen(`${method} ${path}`, await answer(ask(port, { method, path }).end()));
      }
    });
  },

  '1xx: early hints, processing, continue': async (seen) => {
    const server = http.createServer((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-hint': '1' }, () =>
        seen('callback', true),
      );
      response.writeProcessing();
      response.writeContinue();
      response.end('x');
    });
    await using(server, async (port) => {
      const request = ask(port).end();
      request.on('information', (info) => seen('information', info));
      request.on('continue', (...args) => seen('continue', args));
      seen('answer', await answer(request));
    });
  },

  'trailers, both ways': async (seen) => {
    const server = http.createServer(async (request, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write(await read(request));
      seen('of the request', [request.trailers, request.rawTrailers, request.trailersDistinct]);
      response.addTrailers({ 'X-Sum': '1', 'x-more': 'a' });
      response.addTrailers([['x-list', 'b']]);
      response.end();
    });
    await using(server, async (port) => {
      const request = post(port, { Trailer: 'X-Mine' });
      request.write('a');
      request.addTrailers({ 'X-Mine': '2' });
      const [response] = await once(request.end(), 'response');
      seen('of the response', [await bodyOf(response), response.trailers, response.complete]);
    });
  },

  'malformed requests': async (seen) => {
    const lines = [];
    const server = http.createServer({ maxHeaderSize: 400 }, (request, response) => {
      request.on('error', (error) => lines.push(brief(error)));
      response.end(`${request.method} ${request.rawHeaders.length}`);
    });
    const messages = {
      garbage: 'GARBAGE\r\n\r\n',
      method: `FOO / HTTP/1.1\r\n${close}\r\n`,
      version: `GET / HTTP/9.9\r\n${close}\r\n`,
      'no host': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
      'http/1.0': 'GET / HTTP/1.0\r\n\r\n',
      header: `GET / HTTP/1.1\r\n${close}a b: c\r\n\r\n`,
      long: `GET / HTTP/1.1\r\n${close}x: ${'y'.repeat(500)}\r\n\r\n`,
      lengths: `POST / HTTP/1.1\r\n${close}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`,
      chunk: `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
      proto: `GET /__proto__ HTTP/1.1\r\n${close}__proto__: x\r\nconstructor: y\r\n\r\n`,
      'trace headers': `GET / HTTP/1.1\r\n${close}X-Trace-Info: x\r\nX-Trace-Hmac: y\r\nx-trace-info: z\r\n\r\n`,
    };
    await using(server, async (port) => {
      for (const [name, text] of Object.entries(messages)) seen(name, await raw(port, text));
      server.on('clientError', (error, socket) => {
        seen('clientError', [
          brief(error),
          Buffer.isBuffer(error.rawPacket),
          socket.writable,
          listeners(socket),
        ]);
        socket.end('HTTP/1.1 400 Mine\r\n\r\n');
      });
      seen('own answer', await raw(port, messages.garbage));
    });
    seen('lines', lines);
  },

  'malformed responses': async (seen) => {
    const texts = {
      garbage: 'nonsense\r\n\r\n',
      nothing: '',
      'too long': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nlonger',
      'too short': 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort',
      lenient: 'HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 1\r\n\r\nx',
    };
    for (const insecureHTTPParser of [false, true]) {
      for (const [name, text] of Object.entries(texts)) {
        const server = net.createServer((socket) =>
          socket.on('error', () => {}).once('data', () => socket.end(text)),
        );
        await using(server, async (port) => {
          const request = ask(port, { insecureHTTPParser }).end();
          const lines = watch(request, ['error', 'close']);
          request.on('response', (response) => {
            lines.push(watch(response, ['data', 'end', 'aborted', 'error', 'close']));
          });
          await new Promise((resolve) => request.on('close', resolve));
          await turns();
          seen(`${name}, ${insecureHTTPParser}`, [lines, request.res?.complete, request.res?.headers]);
        });
      }
    }
  },
};
