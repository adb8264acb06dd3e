// WebSockets by ws and socket.io: each message that is sent within a trace is a point, in every supported version; what is
// received belongs to nobody.
// needs: agent packages
import { test } from 'node:test';

import { checkMessages } from './fixtures/messages.js';
import { socketIoStyles, webSocketStyles } from './versions/expected.js';
import { socketIoRows, webSocketRows } from './versions/matrix.js';
import { testStyles } from './versions/styles.js';

testStyles(webSocketRows, 'ws.cjs', () => ({ WebSocket: 'ws', servers: 'require ws' }), webSocketStyles);

testStyles(
  socketIoRows,
  'socket-io.cjs',
  () => ({ '{ Server }': 'socket.io', clients: 'require socket.io-client' }),
  socketIoStyles,
);

for (const name of ['ws', 'socket.io']) {
  test(`${name}: of hundreds of messages over one connection, each request has sent its own, and none handles one`, async (t) => {
    await checkMessages(t, 'websockets/worker.cjs', [name], {
      names: '',
      ownNames: '',
      isNobodys: true,
      points: (id) => `producer asked ${id}`,
    });
  });
}
