// Agents of http: queues, own classes, own connections, unix sockets; and https beside http.
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { once } = require('node:events');
const { certificate } = require('./tools/certificate.cjs');
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

exports.title = 'http agents and https';
exports.points = ['http', 'https', 'wsgi'];

const plainServer = () => http.createServer((request, response) => response.end(request.url));
const own = certificate();
const tlsServer = () =>
  https.createServer(own, async (request, response) => {
    response.end(`${request.method} ${request.socket.encrypted} ${await read(request)}`);
  });
const closed = (emitter) => new Promise((resolve) => emitter.once('close', resolve));

exports.cases = {
  'a queue for few sockets, and whose storage its callbacks see': async (seen) => {
    await using(plainServer(), async (port) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 2, maxFreeSockets: 1, scheduling: 'fifo' });
      const lines = [];
      const requests = ['a', 'b', 'c', 'd', 'e'].map((name) =>
        storage.run(name, () => {
          const request = http.get({ port, agent, path: `/${name}` });
          lines.push(watch(request, ['socket', 'response', 'close']));
          request.on('response', (response) =>
            lines.push([storage.getStore(), watch(response, ['end', 'close'])]),
          );
          return request;
        }),
      );
      const count = (of) => Object.values(of).flat().length;
      seen('queued', [count(agent.requests), count(agent.sockets), agent.totalSocketCount]);
      const bodies = await Promise.all(requests.map(async (request) => (await answer(request)).body));
      seen('bodies', bodies);
      await turns();
      seen('after', [count(agent.requests), count(agent.sockets), count(agent.freeSockets)]);
      seen('reused', requests.filter((request) => request.reusedSocket).length);
      for (const [i, request] of requests.entries()) seen(`request ${i}`, [listeners(request), lines[i]]);
      agent.destroy();
    });
  },

  'events and names of an agent': async (seen) => {
    await using(plainServer(), async (port) => {
      const agent = new http.Agent({ keepAlive: true, timeout: 500 });
      const lines = [];
      agent.on('free', (socket, options) => lines.push(['free', socket.constructor.name, options.path]));
      seen('name', [agent.getName({ host: 'a', port: 1, family: 4 }), agent.getName({ socketPath: '/x' })]);
      await answer(http.get({ port, agent, path: '/1' }));
      await turns();
      const [free] = Object.values(agent.freeSockets).flat();
      seen('free', [lines, listeners(free), names(agent), free.timeout]);
      // A socket that the server closes while it is not in use is not handed out any more.
      free.destroy();
      await closed(free);
      seen('next', (await answer(http.get({ port, agent, path: '/2' }))).body);
      seen('printed', printed(agent, { depth: 0 }));
      agent.destroy();
    });
  },

  'a kept socket that breaks under a request': async (seen) => {
    let count = 0;
    const server = http.createServer((request, response) => {
      if (++count === 2) request.socket.destroy();
      else response.end('x');
    });
    await using(server, async (port) => {
      const agent = new http.Agent({ keepAlive: true });
      await answer(http.get({ port, agent }));
      await turns();
      const request = http.get({ port, agent });
      const [error] = await once(request, 'error');
      seen('broken', [brief(error), request.reusedSocket, request.destroyed]);
      seen('again', (await answer(http.get({ port, agent }))).status);
      agent.destroy();
    });
  },

  'own agents: a subclass, addRequest, createConnection, an object': async (seen) => {
    await using(plainServer(), async (port) => {
      const calls = [];
      class Own extends http.Agent {
        addRequest(request, options) {
          calls.push([
            'addRequest',
            names(request).length,
            listeners(request),
            options.path,
            request.headersSent,
          ]);
          request.setHeader('x-own', '1');
          return super.addRequest(request, options);
        }
        createConnection(options, callback) {
          calls.push(['createConnection', typeof callback, options.path, storage.getStore()]);
          return super.createConnection(options, callback);
        }
        keepSocketAlive(socket) {
          calls.push(['keepSocketAlive', socket.constructor.name]);
          return super.keepSocketAlive(socket);
        }
        reuseSocket(socket, request) {
          calls.push(['reuseSocket', request.path]);
          return super.reuseSocket(socket, request);
        }
      }
      const agent = new Own({ keepAlive: true });
      seen('first', (await storage.run('mine', () => answer(http.get({ port, agent, path: '/1' })))).body);
      await turns();
      seen('second', (await answer(http.get({ port, agent, path: '/2' }))).body);
      seen('calls', calls);
      agent.destroy();
      const late = new http.Agent();
      late.createConnection = (options, callback) => {
        setImmediate(() => callback(null, net.connect(options.port, '127.0.0.1')));
      };
      seen('later', (await answer(http.get({ port, agent: late, path: '/late' }))).body);
      late.createConnection = (_options, callback) => callback(new Error('no connection'));
      seen('failed', (await once(http.get({ port, agent: late }), 'error'))[0]);
      const bare = {
        defaultPort: port,
        addRequest: (request, options) => request.onSocket(net.connect(options.port, '127.0.0.1')),
      };
      seen('bare', (await answer(http.get({ agent: bare, path: '/bare' }))).body);
      const createConnection = () => net.connect(port, '127.0.0.1');
      seen('option', (await answer(http.get({ createConnection, path: '/option' }))).body);
    });
  },

  'unix sockets': async (seen) => {
    const socketPath = `${require('node:os').tmpdir()}/parity-agent-${process.pid}.sock`;
    await using(
      plainServer(),
      async () => {
        const request = http.get({ socketPath, path: '/unix' });
        seen('request', [
          request.host,
          request.path,
          request.getHeader('host'),
          request.socketPath === socketPath,
        ]);
        seen('answer', await answer(request));
        const agent = new http.Agent({ keepAlive: true });
        await answer(http.get({ socketPath, agent }));
        seen('agent', Object.keys(agent.sockets).length + Object.keys(agent.freeSockets).length);
        agent.destroy();
      },
      socketPath,
    );
  },

  'the global agent, put in place by the application': async (seen) => {
    await using(plainServer(), async (port) => {
      const { globalAgent } = http;
      const mine = new http.Agent({ maxSockets: 1 });
      http.globalAgent = mine;
      const request = http.get({ port });
      seen('agent', [request.agent === mine, Object.keys(mine.sockets).length]);
      await answer(request);
      http.globalAgent = globalAgent;
      seen(
        'back',
        http
          .get({ port })
          .on('error', () => {})
          .destroy().agent === globalAgent,
      );
    });
  },

  'https, both sides': async (seen) => {
    const server = tlsServer();
    const lines = watch(server, ['secureConnection', 'tlsClientError', 'close']);
    server.once('request', (request, response) => {
      seen('socket', [
        request.socket.constructor.name,
        request.socket.getProtocol(),
        listeners(request.socket),
      ]);
      seen('objects', [names(request), names(response)]);
    });
    await using(server, async (port) => {
      const agent = new https.Agent({ keepAlive: true, ca: own.ca });
      const options = { agent, method: 'POST', headers: { a: 'b' } };
      const request = https.request(`https://127.0.0.1:${port}/x`, options);
      const events = watch(request, ['socket', 'response', 'finish', 'close']);
      seen('request', [request.constructor.name, request.protocol, request.agent === agent, names(request)]);
      seen('answer', await answer(request.end('hello')));
      await turns();
      seen('session', [request.socket.authorized, request.socket.isSessionReused()]);
      const second = https.get({ port, agent, host: '127.0.0.1' });
      seen('second', [(await answer(second)).body, second.reusedSocket]);
      seen('events', events);
      agent.destroy();
      seen(
        'direct',
        (await answer(https.get({ port, host: 'localhost', family: 4, ca: own.ca, agent: false }))).status,
      );
    });
    seen('lines', lines.slice(0, 1));
  },

  'https: certificates that nobody trusts, plain text, wrong options': async (seen) => {
    const server = tlsServer();
    server.on('tlsClientError', () => {});
    await using(server, async (port) => {
      const [untrusted] = await once(https.get({ port, agent: false }), 'error');
      seen('untrusted', untrusted);
      const unchecked = { port, agent: false, rejectUnauthorized: false };
      seen('unchecked', (await answer(https.get(unchecked))).status);
      const [named] = await once(https.get({ port, agent: false, ca: own.ca, servername: 'other' }), 'error');
      seen('named', [named.code, named.reason]);
      const [plain] = await once(http.get({ port, agent: false }), 'error');
      seen('plain', plain.code);
      const checkServerIdentity = () => new Error('not this one');
      const [checked] = await once(
        https.get({ port, agent: false, ca: own.ca, checkServerIdentity }),
        'error',
      );
      seen('checked', checked.message);
    });
    for (const wrong of ['http://127.0.0.1/', 'no url', { host: 1 }, { agent: 'x' }, { path: 'a b' }]) {
      try {
        seen('returned', https.request(wrong).constructor.name);
      } catch (error) {
        seen('thrown', error);
      }
    }
    seen('made', [new https.Agent().defaultPort, new https.Server(own) instanceof https.Server]);
    seen('without new', [
      https.Server(own).constructor.name,
      https.Agent().constructor.name,
      http.Agent().protocol,
    ]);
  },
};
