// Classes of an application in the place of those of http, and its own `emit`.
const http = require('node:http');
const events = require('node:events');
const { answer, names, raw, signed, storage, turns, using } = require('./tools/http.cjs');

exports.title = 'http: classes of an application';
exports.points = ['wsgi', 'http'];

const close = 'Connection: close\r\n\r\n';
const get = (port, options) => http.get({ port, agent: false, ...options });

exports.cases = {
  'own classes of requests and responses': async (seen) => {
    const lines = [];
    class OwnRequest extends http.IncomingMessage {
      #secret = 'kept';
      get secret() {
        return this.#secret;
      }
      emit(...args) {
        lines.push(`request.emit ${String(args[0])} ${args.length}`);
        return super.emit(...args);
      }
    }
    class OwnResponse extends http.ServerResponse {
      writeHead(...args) {
        lines.push(`writeHead ${args.length}`);
        return super.writeHead(...args);
      }
      emit = (...args) => {
        lines.push(`response.emit ${String(args[0])} ${args.length}`);
        return super.emit(...args);
      };
      set statusMessage(text) {
        lines.push(`statusMessage ${text}`);
      }
      get statusMessage() {
        return undefined;
      }
    }
    const classes = { IncomingMessage: OwnRequest, ServerResponse: OwnResponse };
    const server = http.createServer(classes, (request, response) => {
      seen('classes', [
        request.constructor === OwnRequest,
        response.constructor === OwnResponse,
        request.secret,
      ]);
      request.resume().on('end', () => response.end('x'));
      seen('proto', Object.getPrototypeOf(request) === OwnRequest.prototype);
    });
    await using(server, async (port) => {
      seen('answer', (await answer(http.request({ port, agent: false, method: 'POST' }).end('a'))).status);
      await turns();
    });
    seen(
      'lines',
      lines.filter((line) => line.startsWith('request')),
    );
    seen(
      'response',
      lines.filter((line) => !line.startsWith('request')),
    );
  },

  'an own class of servers, with an own `emit`': async (seen) => {
    const lines = [];
    class Own extends http.Server {
      emit(name, ...args) {
        lines.push(`${name} ${args.length} ${storage.getStore()}`);
        if (name === 'request') return storage.run('from emit', () => super.emit(name, ...args));
        return super.emit(name, ...args);
      }
    }
    const server = new Own({ keepAlive: true }, (_request, response) => {
      lines.push(`handler ${storage.getStore()}`);
      response.end(String(storage.getStore()));
    });
    await using(server, async (port) => seen('body', (await answer(get(port))).body));
    seen('lines', lines);
    seen('instance', [server instanceof http.Server, server.constructor === Own, names(server)]);
  },

  'an application that puts an `emit` of its own on request and response': async (seen) => {
    const lines = [];
    const server = http.createServer((request, response) => {
      for (const emitter of [request, response]) {
        const { emit } = emitter;
        emitter.emit = function (name, ...args) {
          lines.push(`${emitter === request ? 'request' : 'response'} ${String(name)} ${this === emitter}`);
          return Reflect.apply(emit, this, [name, ...args]);
        };
      }
      request.resume().on('end', () => response.end('x'));
    });
    await using(server, async (port) => {
      await answer(get(port));
      await turns();
    });
    seen(
      'request',
      lines.filter((line) => line.startsWith('request')),
    );
    seen(
      'response',
      lines.filter((line) => line.startsWith('response')),
    );
  },

  'rejections of an asynchronous handler that are captured': async (seen) => {
    events.captureRejections = true;
    const server = http.createServer(async (request, response) => {
      if (request.url === '/headers') response.writeHead(201).write('a');
      throw new Error('rejected');
    });
    const own = http.createServer(async () => {
      throw new Error('captured');
    });
    events.captureRejections = false;
    own[events.captureRejectionSymbol] = function (error, event, request, response) {
      seen('own', [error.message, event, request.url, this === own]);
      response.writeHead(500).end('own');
    };
    for (const each of [server, own]) {
      await using(each, async (port) => {
        seen('plain', await answer(get(port)));
        seen('late', await answer(get(port, { path: '/headers' })).catch((error) => error.code));
      });
    }
  },

  'two handlers, one that is added late, and none at all': async (seen) => {
    const lines = [];
    const server = http.createServer((request, response) => {
      lines.push(`first ${request.url}`);
      if (request.url === '/1') response.end('first');
      server.once('request', (_second, late) => late.end('third'));
    });
    server.prependListener('request', () => lines.push('prepended'));
    await using(server, async (port) => {
      seen(
        'first',
        await raw(port, `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n${close}`),
      );
    });
    seen('lines', lines);
    const silent = http.createServer();
    await using(silent, async (port) => {
      const request = get(port);
      request.on('error', (error) => seen('silent', error.code));
      await events.once(silent, 'connection');
      await turns();
      request.destroy();
      await new Promise((resolve) => request.on('close', resolve));
    });
  },

  'prototypes that are put in place, or changed, after the objects were made': async (seen) => {
    const emitted = [];
    const note = (who) =>
      function emit(name, ...args) {
        emitted.push(`${who} ${String(name)} ${args.length}`);
        return Reflect.apply(events.prototype.emit, this, [name, ...args]);
      };
    const server = http.createServer((request, response) => {
      // As web frameworks do.
      Object.setPrototypeOf(request, { __proto__: http.IncomingMessage.prototype, emit: note('request') });
      Object.setPrototypeOf(response, { __proto__: http.ServerResponse.prototype, emit: note('response') });
      seen('own', [request.emit.name, Object.getPrototypeOf(response).emit.name]);
      request.resume().on('end', () => response.end('x'));
    });
    await using(server, async (port) => {
      const request = get(port, { method: 'PUT' });
      http.ClientRequest.prototype.emit = note('client');
      await answer(request);
      delete http.ClientRequest.prototype.emit;
      await turns();
    });
    for (const who of ['request', 'response', 'client'])
      seen(
        who,
        emitted.filter((line) => line.startsWith(who)),
      );
  },
};

exports.ends = {
  // It changes the `emit` of all emitters for good.
  'domains, that are loaded late': async (seen) => {
    const domain = require('node:domain').create();
    const server = http.createServer((request, response) => {
      if (request.url === '/fine') response.end();
      else throw new Error(`of a handler ${request.url}`);
    });
    domain.add(server);
    server.on('own', () => {
      throw new Error('of an event');
    });
    const ask = (path, headers) => get(server.address().port, { path, headers }).on('error', () => {});
    const steps = [
      () => server.emit('own'),
      () => ask('/unsigned'),
      () => ask('/signed', signed()),
      () => {
        const request = ask('/fine', signed());
        domain.add(request);
        request.on('response', () => {
          throw new Error('of a response');
        });
      },
      () => process.exit(),
    ];
    domain.on('error', (error) => {
      seen('domain', error.message);
      setImmediate(() => steps.shift()());
    });
    server.listen(0, '127.0.0.1', () => setImmediate(() => steps.shift()()));
  },
};
