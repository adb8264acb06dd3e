// Servers whose responses are broken off, before their head and after it, in all ways that there are. Each
// request is answered by what its path says; a line is printed for each when that was done.
const http = require('node:http');
const http2 = require('node:http2');

const large = Buffer.alloc(20 * 1024 * 1024);
const hints = { link: '</style.css>; rel=preload' };

/** The path, and how it is answered. Where nothing ends the response, the client leaves. */
const ways = {
  '/never': () => {},
  '/hints': (_request, response) => response.writeEarlyHints(hints),
  '/continue': (_request, response) => response.writeContinue(),
  '/processing': (_request, response) => response.writeProcessing(),
  '/head-not-flushed': (_request, response) => response.writeHead(201),
  '/status-set': (_request, response) => (response.statusCode = 201),
  '/destroyed': (_request, response) => response.destroy(),
  '/destroyed-by-error': (_request, response) => response.destroy(new Error('mine')),
  '/socket-destroyed': ({ socket }) => socket.destroy(),
  '/ended-after-destroy': (_request, response) => {
    response.destroy();
    response.end('late');
  },
  '/written-to-closed-socket': ({ socket }, response) => {
    socket.destroy();
    response.end('late');
  },
  '/bytes-to-closed-socket': ({ socket }, response) => {
    socket.destroy();
    response.write(Buffer.from('late'));
    response.end(Buffer.from('later'));
  },
  '/request-destroyed': (request) => request.destroy(),
  '/head-flushed': (_request, response) => {
    response.writeHead(201);
    response.flushHeaders();
  },
  '/status-changed': (_request, response) => {
    response.writeHead(201);
    response.write('some');
    response.statusCode = 500;
  },
  '/hints-then-head': (_request, response) => {
    response.writeEarlyHints(hints);
    response.writeHead(201).write('some');
  },
  '/large': (_request, response) => response.writeHead(201).end(large),
  '/complete': (_request, response) => response.writeHead(201).end('all'),
  '/complete-with-hints': (_request, response) => {
    response.writeEarlyHints(hints);
    response.writeHead(201).end('all');
  },
  '/complete-status-changed': (_request, response) => {
    response.writeHead(201).end('all');
    response.statusCode = 500;
  },
};

const streams = {
  '/never': () => {},
  '/hints': (stream) => stream.additionalHeaders({ ':status': 103 }),
  '/closed': (stream) => stream.close(http2.constants.NGHTTP2_CANCEL),
  '/destroyed': (stream) => stream.destroy(),
  '/session-destroyed': (stream) => stream.session.destroy(),
  '/head': (stream) => stream.respond({ ':status': 201 }),
  '/hints-then-head': (stream) => {
    stream.additionalHeaders({ ':status': 103 });
    stream.respond({ ':status': 201 });
    stream.write('some');
  },
  '/large': (stream) => {
    stream.respond({ ':status': 201 });
    stream.end(large);
  },
  '/complete': (stream) => {
    stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
      pushed.respond({ ':status': 404 });
      pushed.end('pushed');
    });
    stream.respond({ ':status': 201 });
    stream.end('all');
  },
};

const upgrades = {
  '/never': () => {},
  '/other': (socket) => socket.write('220 smtp.example.org\r\n'),
  '/hints': (socket) => socket.write('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'),
  '/closed': (socket) => {
    socket.destroy();
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  },
  '/hints-then-answer': (socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n');
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  },
  '/in-one': (socket) =>
    socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n'),
  '/in-parts': (socket) => {
    socket.write('HTTP/1');
    socket.write('.1 10');
    socket.end('1 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  },
};

/** Tells that a way was gone: Node sends what it wrote in the same turn of the loop. */
const tell = (path) => setImmediate(() => setImmediate(() => console.log(path)));

const server = http.createServer((request, response) => {
  if (request.url === '/end') {
    response.end();
    server.closeAllConnections();
    for (const each of [server, server2]) each.close();
  } else ways[request.url](request, response);
  tell(request.url);
});
server.on('upgrade', (request, socket) => {
  // As servers of other protocols do.
  socket.on('error', () => {}).on('end', () => socket.destroy());
  socket.resume();
  upgrades[request.url](socket);
  tell(request.url);
});
const server2 = http2.createServer();
server2.on('session', (session) => session.on('error', () => {}));
server2.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  streams[headers[':path']](stream);
  tell(headers[':path']);
});
server2.listen(0, '127.0.0.1', () =>
  server.listen(0, '127.0.0.1', () => console.log(`${server.address().port} ${server2.address().port}`)),
);
