// RabbitMQ by amqplib: each message is one point where it is sent and one where it is handled, in every supported
// version; and what one message of a shared channel does is never in another one's trace.
// needs: agent packages rabbitmq
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sendHundreds, sendUnsigned } from './fixtures/hundreds.js';
import { writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { amqplibStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { amqplibRows } from './versions/matrix.js';
import { tracedAsBare } from './versions/styles.js';

for (const { packages, because } of amqplibRows) {
  const version = packages['amqplib']!;
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`amqplib ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
      const app = writeApp(t, installed(`amqplib@${version}`), kind, 'amqplib.cjs', {
        amqp: 'amqplib',
        // No extension in its `exports`, and none needed by `require` before it had those.
        callbacks: 'require amqplib/callback_api',
      });
      const root = await tracedAsBare(t, app);
      assert.deepEqual(
        Object.fromEntries(root.children.map(({ name, children }) => [name, describedCalls(children)])),
        amqplibStyles,
      );
    });
  }
}

const carried = 'own,x-trace-hmac,x-trace-info,x-trace-time';

test('of hundreds of messages on one channel, each is handled in its own trace or in none, whichever request began to consume', (t) =>
  sendHundreds(t, 'queues/amqplib.cjs', {
    came: (isSigned) => (isSigned ? carried : 'own'),
    parts: (id) => [`rpc(rpc(handled ${id}))`],
  }));

test('a broker that may not have signed headers gets none', (t) =>
  sendUnsigned(t, 'queues/amqplib.cjs', { came: () => 'own', parts: () => ['rpc'] }));
