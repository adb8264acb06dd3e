// A message of ws to a client whose connection is not real.
import type { IncomingMessage } from 'node:http';
import type * as Ws from 'ws';

import { type Kind, load, quietSocket, sync } from '../kind.js';

const upgrade = {
  method: 'GET',
  url: '/',
  headers: {
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  },
};

export const ws: Kind = {
  name: 'ws: a message',
  count: 300,
  points: 1,
  async open() {
    const { WebSocketServer } = load<typeof Ws>('ws');
    const server = new WebSocketServer({ noServer: true });
    const socket = await new Promise<Ws.WebSocket>((resolve) => {
      server.handleUpgrade(upgrade as unknown as IncomingMessage, quietSocket(), Buffer.alloc(0), resolve);
    });
    return sync(() => socket.send('{"order":42}'))();
  },
};
