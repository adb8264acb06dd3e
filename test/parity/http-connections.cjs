// What happens to the connections of a server: kept alive, pipelined, timed out, closed, aborted.
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { answer, brief, listeners, raw, read, storage, turns, using, watch } = require('./tools/http.cjs');

exports.title = 'http connections: keep-alive, pipelining, timeouts, aborts';
exports.points = ['wsgi', 'http'];

const one = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const last = (path) => one(path, 'Connection: close\r\n');
const gone = (emitter) => new Promise((resolve) => emitter.once('close', resolve));

exports.cases = {
  'two thousand requests on one connection leave no listener behind': async (seen) => {
    const counts = { server: [], client: [] };
    const served = { count: 0, onFifty: undefined };
    const server = http.createServer((request, response) => {
      if (++served.count % 50 === 0) served.onFifty?.();
      if (served.count % 400 === 2) counts.server.push(listeners(request.socket));
      response.end('x');
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    await using(server, async (port) => {
      const sockets = new Set();
      for (let i = 0; i < 300; i++) {
        const [response] = await once(http.get({ port, agent }), 'response');
        sockets.add(response.socket);
        if (i % 100 === 2) counts.client.push([listeners(response.socket), listeners(response.req)]);
        await once(response.resume(), 'end');
      }
      seen('sockets', sockets.size);
      seen('agent', [listeners(agent), agent.totalSocketCount]);
      agent.destroy();
      // The rest in bursts of fifty.
      const socket = net.connect(port, '127.0.0.1').resume();
      for (let burst = 0; burst < 34; burst++) {
        const burstServed = new Promise((resolve) => (served.onFifty = resolve));
        socket.write(one('/').repeat(50));
        await burstServed;
      }
      seen('burst', [listeners(socket), served.count]);
    });
    seen('listeners', counts);
  },

  'requests that come at once are answered in order': async (seen) => {
    const waiting = [];
    const lines = [];
    const server = http.createServer(async (request, response) => {
      storage.enterWith(request.url);
      waiting.push(response);
      response.on('finish', () => lines.push(`finish ${request.url} ${storage.getStore()}`));
      lines.push(`request ${request.url}`);
      if (waiting.length < 3) return;
      // The last one is answered first.
      for (const each of waiting.toReversed()) each.end(`answer to ${each.req.url}\n`);
    });
    await using(server, async (port) => seen('raw', await raw(port, one('/1') + one('/2') + last('/3'))));
    seen('lines', lines);
  },

  'bodies that follow each other in pieces': async (seen) => {
    const lines = [];
    const server = http.createServer((request, response) => {
      lines.push(watch(request, ['data', 'end', 'close']));
      request.on('end', () => response.end(request.url));
    });
    const post = (path, body) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await using(server, async (port) => {
      const all = post('/1', 'first body') + post('/2', 'second') + last('/3');
      seen('raw', await raw(port, all.slice(0, 52), all.slice(52, 70), all.slice(70, 130), all.slice(130)));
    });
    seen(
      'lines',
      lines.map((list) => list.filter((line) => !line.startsWith('data'))),
    );
  },

  'a client that goes away half-way': async (seen) => {
    for (const body of ['', 'Content-Length: 10\r\n\r\nhalf']) {
      const server = http.createServer();
      await using(server, async (port) => {
        const socket = net.connect(port, '127.0.0.1').on('error', () => {});
        socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${body || '\r\n'}`);
        const [request, response] = await once(server, 'request');
        const lines = watch(request, ['aborted', 'data', 'end', 'error', 'close']);
        const answers = watch(response, ['finish', 'error', 'close']);
        response.write('begun');
        await turns();
        socket.destroy();
        await gone(response);
        await turns();
        seen('request', lines);
        seen('response', answers);
        seen('flags', [request.aborted, request.complete, request.destroyed, request.errored?.code]);
        seen('response flags', [response.destroyed, response.writableEnded, response.writableFinished]);
        seen('write', [response.write('late'), response.end() === response, response.headersSent]);
        await turns();
        seen('afterwards', answers);
      });
    }
  },

  'a client that goes away while a second request waits': async (seen) => {
    const server = http.createServer();
    await using(server, async (port) => {
      const socket = net.connect(port, '127.0.0.1').on('error', () => {});
      const pairs = [];
      server.on('request', (request, response) => {
        pairs.push([
          watch(request, ['aborted', 'error', 'close', 'end']),
          watch(response, ['close', 'error', 'finish']),
        ]);
        request.resume();
      });
      socket.write(one('/1') + one('/2'));
      while (pairs.length < 2) await turns(1);
      socket.destroy();
      await turns(20);
      seen('pairs', pairs);
    });
  },

  'a server that destroys request, response or socket': async (seen) => {
    for (const which of ['request', 'response', 'socket']) {
      const lines = [];
      const server = http.createServer((request, response) => {
        const whom = { request, response, socket: request.socket }[which];
        lines.push(watch(request, ['aborted', 'error', 'close']), watch(response, ['error', 'close']));
        seen('destroy', whom.destroy(new Error('on purpose')) === whom);
        if (which === 'socket') request.socket.on('error', () => {});
      });
      server.on('clientError', (error) => lines.push([brief(error)]));
      await using(server, async (port) => {
        const request = http.get({ port, agent: false });
        const client = watch(request, ['error', 'close']);
        await gone(request);
        await turns();
        seen(which, [lines, client]);
      });
    }
  },

  'closing with live connections': async (seen) => {
    const server = http.createServer((request, response) => {
      response.write('open');
      if (request.url === '/idle') response.end();
    });
    const lines = watch(server, ['close']);
    await using(server, async (port) => {
      const busy = http.get({ port, agent: false });
      const [response] = await once(busy, 'response');
      const idle = net.connect(port, '127.0.0.1');
      idle.write(one('/idle'));
      await once(idle, 'data');
      await turns();
      seen('returned', server.close((error) => lines.push(`callback ${error}`)) === server);
      seen('listening', server.listening);
      server.closeIdleConnections();
      await gone(idle.resume());
      seen('idle is gone', lines);
      const ended = read(response).catch((error) => error);
      server.closeAllConnections();
      const error = await ended;
      seen('error', error);
      await turns();
      seen('lines', lines);
      seen('again', server.close((failure) => lines.push(brief(failure))) === server);
      await turns();
      seen('lines', lines);
    });
  },

  'timeouts of a server': async (seen) => {
    const timeouts = { requestTimeout: 40, headersTimeout: 20, connectionsCheckingInterval: 10 };
    const server = http.createServer(timeouts, (request, response) => {
      request.resume().on('error', (error) => seen('request error', error.code));
      request.on('end', () => response.end());
    });
    seen('settings', [server.timeout, server.keepAliveTimeout, server.requestTimeout, server.headersTimeout]);
    const errors = [];
    server.on('clientError', (error, socket) => {
      errors.push(brief(error));
      socket.end('HTTP/1.1 408 Late\r\n\r\n');
    });
    await using(server, async (port) => {
      seen('headers', await raw(port, 'GET / HTTP/1.1\r\nHo'));
      seen('body', await raw(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx'));
    });
    seen('errors', errors);
  },

  'a socket timeout, of server, request and response': async (seen) => {
    const lines = [];
    const server = http.createServer((request, response) => {
      seen('returned', [request.setTimeout(5) === request, response.setTimeout(5) === response]);
      request.on('timeout', (socket) => lines.push(`request ${socket === request.socket}`));
      response.on('timeout', function (socket) {
        lines.push(`response ${socket === request.socket} ${this === response}`);
        response.end('late');
      });
    });
    seen(
      'server',
      server.setTimeout(50, (socket) => lines.push(`server ${socket.constructor.name}`)) === server,
    );
    await using(server, async (port) => seen('raw', await raw(port, last('/'))));
    seen('lines', lines);
    const strict = http.createServer(() => {});
    strict.timeout = 5;
    await using(strict, async (port) =>
      seen('destroyed', (await raw(port, one('/'))).replace('[ECONNRESET]', '')),
    );
  },

  'keep-alive that runs out': async (seen) => {
    const server = http.createServer((_request, response) => response.end('x'));
    server.keepAliveTimeout = 5;
    // Older Nodes add a second.
    const isPrompt = 'keepAliveTimeoutBuffer' in server;
    if (isPrompt) server.keepAliveTimeoutBuffer = 0;
    server.maxRequestsPerSocket = 2;
    server.on('dropRequest', (request, socket) => seen('dropped', [request.url, socket.constructor.name]));
    await using(server, async (port) => {
      if (isPrompt) seen('kept', await raw(port, one('/')));
      seen('too many', await raw(port, one('/1') + one('/2') + last('/3')));
    });
  },

  'connections that are refused': async (seen) => {
    const server = http.createServer((_request, response) => response.end('x'));
    server.maxConnections = 1;
    const drops = watch(server, ['drop']);
    await using(server, async (port) => {
      const first = net.connect(port, '127.0.0.1');
      await once(server, 'connection');
      const second = http.get({ port, agent: false });
      const [error] = await once(second, 'error');
      seen('second', brief(error));
      first.destroy();
    });
    seen('drops', drops.length);
  },

  'a server on a path, and one on a socket that is handed over': async (seen) => {
    const path = `${require('node:os').tmpdir()}/parity-${process.pid}.sock`;
    const server = http.createServer((request, response) => response.end(request.headers.host));
    await using(
      server,
      async () => seen('path', (await answer(http.get({ socketPath: path, path: '/x' }))).body),
      path,
    );
    const front = net.createServer((socket) => server.emit('connection', socket));
    await using(front, async (port) => seen('handed over', await raw(port, last('/'))));
  },
};
