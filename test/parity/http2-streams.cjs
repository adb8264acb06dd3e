// Streams of http2: pushes, files, trailers, resets, aborts.
const http2 = require('node:http2');
const { once } = require('node:events');
const net = require('node:net');
const { open } = require('node:fs/promises');
const { pipeline } = require('node:stream');
const { brief, listeners, names, signed, storage, turns, watch } = require('./tools/http.cjs');
const { ask, connected, reply } = require('./tools/http2.cjs');

exports.title = 'http2: streams';
exports.points = ['http', 'wsgi'];
exports.triggered = ['wsgi'];

const plainServer = () => http2.createServer((request, response) => response.end(request.url));
const { constants } = http2;
const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = constants;

exports.cases = {
  pushes: async (seen) => {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      stream.pushStream({ ':path': '/pushed' }, (error, pushed, headers) => {
        seen('pushed', [error, pushed.constructor.name, { ...headers }, names(pushed), listeners(pushed)]);
        pushed.respond({ ':status': 203 });
        pushed.end('pushed');
        stream.respond();
        stream.end('asked');
      });
    });
    server.on('request', (_request, response) => seen('request too', response.constructor.name));
    await connected(server, async (session) => {
      const pushed = new Promise((resolve) => {
        session.on('stream', (stream, headers, flags) => {
          seen('client', [stream.constructor.name, { ...headers }, flags, listeners(stream)]);
          stream.on('push', (answered) => seen('push', { ...answered }));
          resolve(reply(stream));
        });
      });
      seen('reply', await ask(session, signed()));
      seen('text', (await pushed).text);
    });
    const compatible = http2.createServer((_request, response) => {
      try {
        response.createPushResponse({ ':path': '/p' }, () => {});
      } catch (error) {
        seen('thrown', error);
      }
      response.end('asked');
    });
    await connected(compatible, async (session) => seen('refused', await ask(session)), {
      settings: { enablePush: false },
    });
  },

  'files and descriptors': async (seen) => {
    const server = http2.createServer();
    const sent = __filename.replace('http2-streams', 'nothing');
    server.on('stream', (stream, headers) => {
      const statCheck = (stat, answered, options) => {
        seen('stat', [stat.size > 0, { ...answered }, { ...options }]);
        return headers['x-check'] === undefined;
      };
      const onError = (error) => {
        seen('error', error.code);
        stream.respond({ ':status': 404 });
        stream.end();
      };
      const path = headers[':path'];
      if (path === '/file') stream.respondWithFile(sent, { 'x-a': '1' }, { statCheck, offset: 3, length: 9 });
      else if (path === '/missing') stream.respondWithFile('/nowhere/at/all', {}, { onError });
      else {
        open(sent).then((handle) => {
          stream.respondWithFD(handle, { 'content-type': 'text/plain' }, { length: 5 });
          stream.on('close', () => handle.close());
        });
      }
    });
    await connected(server, async (session) => {
      for (const path of ['/file', '/missing', '/fd']) {
        const got = await ask(session, { ':path': path, ...signed() });
        seen(path, [got.text, got.headers[':status'], got.headers['x-a'], got.error, got.rstCode]);
      }
    });
  },

  'trailers and informational headers, both ways': async (seen) => {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      const events = watch(stream, ['trailers', 'wantTrailers', 'end', 'close']);
      stream.on('trailers', (headers, flags) => seen('of the client', [{ ...headers }, flags]));
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      seen('informational', stream.sentInfoHeaders);
      stream.on('wantTrailers', () => {
        stream.sendTrailers({ 'x-sum': '1' });
        seen('sent', { ...stream.sentTrailers });
      });
      stream.resume().on('end', () => stream.end('x'));
      stream.on('close', () => seen('events', events));
    });
    await connected(server, async (session) => {
      const stream = session.request({ ':method': 'POST', ...signed() }, { waitForTrailers: true });
      const events = watch(stream, ['headers', 'response', 'trailers', 'wantTrailers', 'ready', 'close']);
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-mine': '2' }));
      stream.end('body');
      seen('reply', await reply(stream));
      seen('client', [events, names(stream), stream.sentTrailers && { ...stream.sentTrailers }]);
      await turns();
    });
  },

  'streams that are closed with a code, by either side': async (seen) => {
    const server = http2.createServer();
    server.on('stream', (stream, headers) => {
      const events = watch(stream, ['aborted', 'error', 'close', 'end', 'finish']);
      stream.on('close', () =>
        seen('server', [events, stream.rstCode, stream.aborted, stream.destroyed, stream.closed]),
      );
      const by = headers['x-by'];
      if (by === 'reset') stream.close(NGHTTP2_ENHANCE_YOUR_CALM);
      else if (by === 'refuse')
        stream.close(NGHTTP2_REFUSED_STREAM, () => seen('callback', storage.getStore()));
      else if (by === 'destroy') stream.destroy();
      else if (by === 'destroy with an error') stream.destroy(new Error('on purpose'));
      else if (by === 'half-way') {
        stream.respond();
        stream.write('half', () => stream.close(NGHTTP2_CANCEL));
      } else {
        stream.respond();
        stream.write('begun');
      }
    });
    await connected(server, async (session) => {
      for (const by of ['reset', 'refuse', 'destroy', 'destroy with an error', 'half-way']) {
        seen(by, await ask(session, { 'x-by': by, ...signed() }));
        await turns();
      }
      const ways = {
        close: (stream) => stream.close(NGHTTP2_CANCEL),
        destroy: (stream) => stream.destroy() === stream,
        'destroy with an error': (stream) => stream.destroy(new TypeError('mine')) === stream,
        signal: (_stream, controller) => controller.abort(),
      };
      for (const [name, way] of Object.entries(ways)) {
        for (const when of ['at once', 'with a response']) {
          const controller = new AbortController();
          const stream = session.request({}, { signal: controller.signal });
          const events = watch(stream, ['aborted', 'error', 'close', 'end']);
          if (when === 'with a response') await once(stream, 'response');
          const over = new Promise((resolve) => stream.on('close', resolve));
          seen(`${name}, ${when}`, way(stream, controller));
          await over;
          await turns(10);
          seen('client', [events, stream.rstCode, stream.destroyed, stream.errored && brief(stream.errored)]);
        }
      }
    });
  },

  'a body of megabytes, both ways': async (seen) => {
    const server = http2.createServer((request, response) => {
      pipeline(request, response, (error) => seen('piped', error));
    });
    await connected(server, async (session) => {
      const stream = session.request({ ':method': 'POST' });
      const chunk = Buffer.alloc(65_536, 'x');
      let got = 0;
      stream.on('data', (piece) => (got += piece.length));
      for (let i = 0; i < 32; i++) if (!stream.write(chunk)) await once(stream, 'drain');
      stream.end();
      await once(stream, 'end');
      seen('got', [got === 32 * chunk.length, listeners(stream), stream.bufferSize]);
    });
  },

  'many streams on one session leave no listener behind': async (seen) => {
    const counts = [];
    let served = 0;
    const server = http2.createServer((request, response) => {
      if (++served % 80 === 2) counts.push([listeners(request.stream.session), listeners(request.stream)]);
      response.end('x');
    });
    await connected(server, async (session) => {
      for (let i = 0; i < 10; i++) {
        await Promise.all(Array.from({ length: 25 }, () => ask(session)));
        if (i % 4 === 0) counts.push([listeners(session), listeners(server)]);
      }
      seen('counts', [served, counts]);
    });
  },

  'whose storage the listeners of a stream see': async (seen) => {
    const server = http2.createServer((_request, response) => response.end('x'));
    await connected(server, async (session) => {
      await once(session, 'connect');
      const lines = await Promise.all(
        ['a', 'b', 'c'].map((name) =>
          storage.run(name, async () => {
            const stream = session.request();
            const events = watch(stream, ['ready', 'response', 'data', 'end', 'close']);
            await reply(stream);
            return [events, storage.getStore()];
          }),
        ),
      );
      seen('lines', lines);
    });
  },

  'a session on a socket of the application': async (seen) => {
    await connected(plainServer(), async (_session, port) => {
      const calls = [];
      const createConnection = (authority, options) => {
        calls.push([authority.constructor.name, typeof options, storage.getStore()]);
        return net.connect(port, '127.0.0.1');
      };
      const session = storage.run('connecting', () =>
        http2.connect('http://elsewhere', { createConnection }),
      );
      seen('reply', await ask(session));
      seen('calls', [calls, session.socket.constructor.name, session.originSet]);
      session.destroy();
    });
  },
};

exports.ends = {
  'a stream that fails and nobody listens': async () => {
    const server = http2.createServer();
    server.on('stream', (stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM));
    server.listen(0, '127.0.0.1', () => {
      http2.connect(`http://127.0.0.1:${server.address().port}`).request();
    });
  },
};
