// Sessions of http2: how they begin and end, and what can be asked of them.
const assert = require('node:assert/strict');
const http = require('node:http');
const https = require('node:https');
const http2 = require('node:http2');
const net = require('node:net');
const { once } = require('node:events');
const { certificate } = require('./tools/certificate.cjs');
const { answer, brief, listeners, names, read, signed, turns, using, watch } = require('./tools/http.cjs');
const { ask, connected, reply } = require('./tools/http2.cjs');

exports.title = 'http2: sessions, and HTTP/1 on the same port';
exports.points = ['https', 'wsgi'];

const own = certificate();
const closed = (emitter) => new Promise((resolve) => emitter.once('close', resolve));
const listsAreTaken = Number(process.versions.node.split('.')[0]) >= 24;
const plainServer = () => http2.createServer((request, response) => response.end(request.url));
const sessionEvents = [
  'connect',
  'close',
  'error',
  'goaway',
  'ping',
  'localSettings',
  'remoteSettings',
  'timeout',
];

exports.cases = {
  'a session and its requests': async (seen) => {
    const server = plainServer();
    const sessions = [];
    server.on('session', (session) =>
      sessions.push(session, watch(session, ['close', 'goaway', 'stream', 'error'])),
    );
    await using(server, async (port) => {
      const options = Object.freeze({ settings: Object.freeze({ enablePush: false }) });
      const session = http2.connect(`http://127.0.0.1:${port}`, options, function (...args) {
        seen('connected', [this === session, args.length, args[0] === session, args[1].constructor.name]);
      });
      const events = watch(session, sessionEvents);
      seen('class', [
        session.constructor.name,
        Object.getPrototypeOf(session).constructor.name,
        names(session),
      ]);
      const descriptor = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(session), 'request');
      const { value, ...flags } = descriptor;
      seen('request', [
        value.name,
        value.length,
        flags,
        session.request === value,
        Object.hasOwn(session, 'request'),
      ]);
      seen('flags', [session.connecting, session.closed, session.destroyed, session.type, session.encrypted]);
      const headers = Object.freeze({ ':path': '/early', 'x-a': 'b', [http2.sensitiveHeaders]: ['x-a'] });
      const early = session.request(headers);
      seen('stream', [early.constructor.name, early.id, early.pending, names(early), listeners(early)]);
      seen('early', await reply(early));
      seen('sent', [{ ...early.sentHeaders }, early.sentHeaders === headers, headers]);
      seen('list', await reply(session.request()));
      seen('listeners', [listeners(session), listeners(session.socket), listeners(server)]);
      seen('settings', session.localSettings.enablePush);
      seen(
        'close',
        session.close(() => events.push('callback')),
      );
      seen('after', [session.closed, session.destroyed]);
      await closed(session);
      await turns();
      seen('events', events);
      seen('server', [sessions[1], sessions[0].constructor.name, names(sessions[0])]);
    });
  },

  'headers that are read as they are sent': async (seen) => {
    await using(plainServer(), async (port) => {
      const session = http2.connect(`http://127.0.0.1:${port}`);
      const reads = [];
      const counting = (name, value) => ({
        enumerable: true,
        get() {
          reads.push(name);
          return value;
        },
      });
      const getters = Object.defineProperties(
        {},
        {
          ':path': counting(':path', '/getters'),
          Authorization: counting('Authorization', 'Basic eDp5'),
          'x-a': counting('x-a', 'b'),
        },
      );
      seen('getters', [await reply(session.request(getters)), reads]);
      let times = 0;
      const throwing = {
        get ':path'() {
          throw new RangeError(`read ${++times}`);
        },
      };
      const shut = new Proxy({}, { ownKeys: () => assert.fail('shut') });
      for (const headers of [throwing, shut, [throwing, 'x'], [':path', throwing]]) {
        try {
          const stream = session.request(headers);
          stream.on('error', () => {}).close();
          seen('made', names(stream));
        } catch (error) {
          seen('threw', error);
        }
      }
      seen('read', times);
      if (listsAreTaken) {
        const list = [':path', '/list', 'x-secret', 'value'];
        list[http2.sensitiveHeaders] = ['x-secret'];
        const stream = session.request(list);
        seen('secret', stream.sentHeaders[http2.sensitiveHeaders]);
        seen('list', [await reply(stream), list]);
      }
      session.close();
      await closed(session);
    });
  },

  'ping, settings, goaway, windows': async (seen) => {
    const server = plainServer();
    server.on('session', (session) => {
      session.on('ping', (payload) => seen('pinged', payload));
      session.on('goaway', (code, last, data) => seen('goaway', [code, last, data]));
    });
    await connected(server, async (session) => {
      await once(session, 'remoteSettings');
      const ponged = new Promise((resolve) => {
        const isSent = session.ping(Buffer.from('12345678'), (...args) =>
          resolve([args[0], typeof args[1], args[2]]),
        );
        seen('ping', isSent);
      });
      seen('pong', await ponged);
      const set = new Promise((resolve) => session.settings({ maxConcurrentStreams: 7 }, resolve));
      seen('settings', [await set, session.localSettings.maxConcurrentStreams, session.pendingSettingsAck]);
      seen('window', [session.setLocalWindowSize(2 ** 20), session.state.localWindowSize]);
      seen('goaway', session.goaway(3, 0, Buffer.from('bye')));
      await turns(10);
      seen('ref', [session.unref(), session.ref()]);
    });
  },

  'sessions that end while streams are open': async (seen) => {
    const ends = {
      'client close': (session) => session.close(),
      'client destroy': (session) => session.destroy(),
      'client destroy with an error': (session) => session.destroy(new Error('mine')),
      'client destroy with a code': (session) => session.destroy(undefined, http2.constants.NGHTTP2_CANCEL),
      'server close': (_session, of) => of.close(),
      'server destroy': (_session, of) => of.destroy(),
      'server goaway': (_session, of) => of.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM),
    };
    for (const [name, end] of Object.entries(ends)) {
      const server = http2.createServer();
      server.on('stream', (stream) => {
        stream.on('error', () => {}).respond();
        stream.write('open');
        setTimeout(() => stream.destroyed || stream.end('late'), 10);
      });
      await connected(server, async (session) => {
        const of = once(server, 'session');
        const events = watch(session, ['error', 'close', 'goaway']);
        const stream = session.request();
        const streamEvents = watch(stream, ['aborted', 'error', 'close', 'end']);
        await once(stream.resume(), 'response');
        const over = Promise.all([closed(stream), closed(session)]);
        end(session, (await of)[0]);
        if (name.endsWith(' close') || name === 'server goaway') await closed(stream);
        if (!session.destroyed) session.close();
        await over;
        seen(name, [events, streamEvents, stream.rstCode, session.destroyed]);
      });
    }
  },

  'what connecting and asking throw, and what fails later': async (seen) => {
    const attempt = (label, body) => {
      try {
        const value = body();
        value.on?.('error', () => {});
        value.destroy?.();
        seen(label, value.constructor.name);
      } catch (error) {
        seen(label, error);
      }
    };
    attempt('socket', () =>
      http2
        .connect('http://127.0.0.1:1')
        .on('error', () => {})
        .socket.destroy(),
    );
    attempt('url', () => http2.connect('no url'));
    attempt('protocol', () => http2.connect('ftp://127.0.0.1'));
    attempt('listener', () => http2.connect('http://127.0.0.1:1', 7));
    attempt('settings', () => http2.connect('http://127.0.0.1:1', { settings: { maxFrameSize: 1 } }));
    attempt('server', () => http2.createServer({ maxSessionMemory: 'x' }, 7));
    const port = await using(net.createServer(), (free) => free);
    const gone = http2.connect(`http://127.0.0.1:${port}`);
    const lost = gone.request();
    const [[refused], [of]] = await Promise.all([once(gone, 'error'), once(lost, 'error')]);
    seen('refused', [brief(refused), of === refused]);
    const wrong = {
      headers: (session) => session.request(7),
      list: (session) => session.request(['a']),
      pseudo: (session) => session.request({ ':x': '1' }),
      name: (session) => session.request({ 'a b': '1' }),
      connection: (session) => session.request({ connection: 'close' }),
      path: (session) => session.request({ ':path': 7 }),
      options: (session) => session.request({}, { endStream: 7 }),
      aborted: (session) => session.request({}, { signal: AbortSignal.abort(new Error('before')) }),
      closed: (session) => session.close() ?? session.request(),
      destroyed: (session) => session.destroy() ?? session.request(),
      ping: (session) => session.destroy() ?? session.ping(() => {}),
    };
    for (const [name, way] of Object.entries(wrong)) {
      await connected(plainServer(), async (session) => {
        const events = watch(session, ['error', 'close']);
        await once(session, 'connect');
        attempt(name, () => way(session));
        await turns();
        seen('events', [events, session.destroyed]);
      });
    }
  },

  'HTTP/1 and HTTP/2 on one port': async (seen) => {
    const server = http2.createSecureServer({ ...own, allowHTTP1: true }, async (request, response) => {
      seen('class', [
        request.constructor.name,
        response.constructor.name,
        request.httpVersion,
        names(request),
      ]);
      seen('listeners', [
        listeners(request),
        listeners(response),
        request.socket.alpnProtocol,
        request.socket.encrypted,
      ]);
      response.end(`${request.httpVersion} ${await read(request)}`);
    });
    const events = watch(server, [
      'session',
      'secureConnection',
      'stream',
      'unknownProtocol',
      'sessionError',
    ]);
    await connected(
      server,
      async (session, port) => {
        await once(session, 'connect');
        seen('session', [session.alpnProtocol, session.encrypted, session.originSet.length]);
        seen('two', await ask(session, { ':method': 'POST' }, 'body'));
        const options = { port, ca: own.ca, agent: false, method: 'POST' };
        seen('one', await answer(https.request(options).end('body')));
        seen('signed', (await answer(https.request({ ...options, headers: signed() }).end('body'))).body);
      },
      { ca: own.ca },
    );
    seen('events', events);
    const strict = http2.createSecureServer(own, () => {});
    strict.on('unknownProtocol', (socket) => {
      seen('unknown', socket.alpnProtocol);
      socket.destroy();
    });
    await connected(
      strict,
      async (session, port) => {
        await once(session, 'connect');
        const [error] = await once(https.get({ port, ca: own.ca, agent: false }), 'error');
        seen('refused', error.code);
        const [plain] = await once(http.get({ port, agent: false }), 'error');
        seen('plain', plain.code);
      },
      { ca: own.ca },
    );
  },
};
