// Jobs over one WebSocket, by ws or by socket.io, as the argument says.
const { once } = require('node:events');
const { createServer } = require('node:http');

const serve = require('../messages/server.cjs');

const kinds = {
  async ws(handle) {
    const { WebSocket, WebSocketServer } = require('ws');
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    // Its answers belong to nobody: they are sent by what receives.
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(data, { binary: false })));
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
    client.on('message', (data) => void handle(Buffer.from(/** @type {Buffer} */ (data)).toString(), {}));
    await once(client, 'open');
    return {
      send: (id) => client.send(id),
      end() {
        client.close();
        server.close();
      },
    };
  },
  async 'socket.io'(handle) {
    const { Server } = require('socket.io');
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const io = new Server(http);
    const connecting = once(io, 'connection');
    const url = `http://127.0.0.1:${http.address().port}`;
    const client = require('socket.io-client').io(url, { transports: ['websocket'] });
    client.on('job', (id) => void handle(id, {}));
    const [socket] = await connecting;
    return {
      send: (id) => socket.emit('job', id),
      end() {
        client.close();
        return new Promise((resolve) => io.close(resolve));
      },
    };
  },
};

serve(kinds[process.argv[2]]);
