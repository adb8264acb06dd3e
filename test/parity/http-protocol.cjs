// The rarer parts of the protocol: Expect, Upgrade, WebSocket, CONNECT.
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { answer, brief, listeners, names, read, storage, turns, using, watch } = require('./tools/http.cjs');

exports.title = 'http: Expect, Upgrade, WebSocket, CONNECT';
exports.points = ['wsgi', 'http'];

const ask = (port, options) => http.request({ port, agent: false, ...options });
const post = (port, headers) => ask(port, { method: 'POST', headers });

exports.cases = {
  'Expect: 100-continue': async (seen) => {
    for (const event of ['request', 'checkContinue']) {
      const server = http.createServer();
      server.on(event, async (request, response) => {
        if (event === 'checkContinue') response.writeContinue(() => seen('callback', true));
        seen('headers', [request.headers.expect, listeners(request), names(response)]);
        response.end(await read(request));
      });
      await using(server, async (port) => {
        const request = post(port, { Expect: '100-continue' });
        seen('sent', [request.headersSent, request.getHeaderNames(), request.getHeader('expect')]);
        const lines = watch(request, ['continue', 'information', 'finish', 'close']);
        await once(request, 'continue');
        storage.run('in continue', () => request.end('body'));
        seen(event, await answer(request));
        await turns();
        seen('lines', lines);
      });
    }
  },

  'other expectations': async (seen) => {
    const server = http.createServer((_request, response) => response.end('unexpected'));
    await using(server, async (port) => {
      seen('default', await answer(post(port, { Expect: 'cake' }).end()));
      server.on('checkExpectation', (request, response) => {
        seen('listeners', [listeners(request), listeners(response)]);
        response.writeHead(417, { 'x-own': request.headers.expect }).end();
      });
      seen('checked', await answer(post(port, { Expect: 'cake' }).end()));
      const request = ask(port, { headers: ['Expect', '100-continue', 'Host', 'a', 'A', '1', 'a', '2'] });
      const error = await new Promise((resolve) => {
        try {
          resolve(request.setHeader('late', '1'));
        } catch (thrown) {
          resolve(thrown);
        }
      });
      seen('setHeader', error);
      seen('list', await answer(request.end()));
    });
  },

  'an upgrade in bare bytes': async (seen) => {
    const server = http.createServer();
    server.on('upgrade', (request, socket, head) => {
      seen('request', [
        request.url,
        request.upgrade,
        request.headers.upgrade,
        names(request),
        listeners(request),
      ]);
      seen('socket', [socket === request.socket, listeners(socket), head]);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\nhello');
      socket.on('data', (data) => socket.end(`you said ${data}`));
    });
    await using(server, async (port) => {
      const request = storage.run('asked', () =>
        ask(port, { headers: { Connection: 'Upgrade', Upgrade: 'own' }, path: '/up' }),
      );
      request.end();
      const lines = watch(request, ['upgrade', 'socket', 'response', 'finish', 'close', 'error']);
      const [response, socket, head] = await once(request, 'upgrade');
      seen('response', [response.statusCode, response.rawHeaders, names(response), listeners(response)]);
      seen('socket', [
        head,
        socket.readable,
        listeners(socket),
        request.destroyed,
        socket === request.socket,
      ]);
      socket.write('me');
      seen('rest', await read(socket));
      await turns();
      seen('lines', lines);
    });
  },

  'an upgrade that nobody asked for, or nobody serves': async (seen) => {
    const server = http.createServer((request, response) => response.end(request.headers.upgrade));
    await using(server, async (port) => {
      const headers = { Connection: 'Upgrade', Upgrade: 'own' };
      seen('served as a request', await answer(ask(port, { headers }).end()));
      server.on('upgrade', (_request, socket) =>
        socket.end('HTTP/1.1 101 On\r\nConnection: Upgrade\r\n\r\n'),
      );
      const request = ask(port, { headers }).end();
      const lines = watch(request, ['response', 'error', 'close']);
      await new Promise((resolve) => request.on('close', resolve));
      seen('lines', lines);
      seen('destroyed', [request.destroyed, request.errored?.code]);
    });
  },

  'WebSocket, with ws': async (seen) => {
    const { WebSocket, WebSocketServer } = require('ws');
    const server = http.createServer();
    const sockets = new WebSocketServer({ server, path: '/chat', perMessageDeflate: true });
    const lines = [];
    sockets.on('connection', (socket, request) => {
      lines.push(`connection ${request.url}`);
      socket.on('message', (data, isBinary) =>
        socket.send(isBinary ? data : `echo ${Buffer.concat([data]).toString()}`),
      );
      socket.on('close', (code, reason) => lines.push(`close ${code} ${String(reason)}`));
    });
    await using(server, async (port) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat?x=1`, { headers: { 'x-own': '1' } });
      const upgrade = once(socket, 'upgrade');
      await once(socket, 'open');
      const [response] = await upgrade;
      seen('upgrade', [response.statusCode, response.headers.upgrade, socket.protocol, socket.extensions]);
      socket.send('text');
      seen('text', await once(socket, 'message'));
      socket.send(Buffer.from([1, 2, 3]));
      seen('bytes', await once(socket, 'message'));
      seen('listeners', [listeners(socket), listeners(socket._socket)]);
      socket.close(4000, 'enough');
      seen('closed', await once(socket, 'close'));
      await turns();
      seen('server', lines);
      const refused = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`);
      const [error] = await once(refused, 'error');
      seen('error', error);
    });
    sockets.close();
  },

  'WebSocket, the one of Node where it has one': async (seen) => {
    seen('typeof', [typeof WebSocket, typeof CloseEvent, typeof EventSource]);
    if (typeof WebSocket === 'undefined') return;
    const { WebSocketServer } = require('ws');
    const own = http.createServer();
    const sockets = new WebSocketServer({ server: own });
    sockets.on('connection', (socket) =>
      socket.on('message', (data) => socket.send(`echo ${Buffer.concat([data]).toString()}`)),
    );
    await using(own, async (port) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
      await once(socket, 'open');
      socket.send('hello');
      const [{ data }] = await once(socket, 'message');
      seen('socket', [data, socket.readyState, socket.protocol, listeners(own)]);
      socket.close(4001, 'bye');
      const [closed] = await once(socket, 'close');
      seen('closed', [closed.code, closed.reason, closed.wasClean]);
    });
    sockets.close();
  },

  'CONNECT, through a proxy to a server': async (seen) => {
    const origin = http.createServer((request, response) => response.end(`origin ${request.url}`));
    const proxy = http.createServer();
    proxy.on('connect', (request, socket, head) => {
      seen('asked', [
        request.method,
        request.url.replace(/\d+$/, 'PORT'),
        head,
        names(request),
        listeners(socket),
      ]);
      const { hostname, port } = new URL(`http://${request.url}`);
      const through = net.connect(port, hostname, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      socket.on('error', () => {});
    });
    await using(origin, (originPort) =>
      using(proxy, async (port) => {
        const request = ask(port, { method: 'CONNECT', path: `127.0.0.1:${originPort}` });
        const lines = watch(request, ['connect', 'response', 'close', 'finish']);
        const [response, socket, head] = await once(request.end(), 'connect');
        seen('connected', [response.statusCode, response.rawHeaders, head, listeners(socket)]);
        const inner = http.request({ path: '/inner', createConnection: () => socket });
        seen('inner', await answer(inner.end()));
        await turns();
        seen('lines', lines);
      }),
    );
  },

  'CONNECT that nobody serves': async (seen) => {
    const server = http.createServer((_request, response) => response.end());
    await using(server, async (port) => {
      const request = ask(port, { method: 'CONNECT', path: 'a:1' }).end();
      const [error] = await once(request, 'error');
      seen('error', brief(error));
    });
  },
};
