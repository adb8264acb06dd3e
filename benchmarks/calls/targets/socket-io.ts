// An event that socket.io sends to a client whose connection is not real.
import { EventEmitter, once } from 'node:events';
import type * as SocketIo from 'socket.io';

import { type Kind, load, noop, sync } from '../kind.js';

/** The used methods of a server that its types do not have. */
interface Inner {
  onconnection(connection: object): void;
}

export const socketIo: Kind = {
  name: 'socket.io: emit',
  count: 200,
  points: 1,
  async open() {
    const { Server } = load<typeof SocketIo>('socket.io');
    const server = new Server();
    const connected = once(server, 'connection') as Promise<[SocketIo.Socket]>;
    const connection = Object.assign(new EventEmitter(), {
      id: 'client',
      protocol: 4,
      readyState: 'open',
      transport: { writable: true },
      request: { headers: {}, connection: {}, url: '/', _query: {} },
      write: noop,
      close: noop,
    });
    (server as unknown as Inner).onconnection(connection);
    // The client asks for the default namespace.
    connection.emit('data', '0');
    const [socket] = await connected;
    return sync(() => socket.emit('priced', { order: 42 }))();
  },
};
