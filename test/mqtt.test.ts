// MQTT by `mqtt` 5: each message is one point where it is published and one where listeners handle it, in every supported
// version; and what is done for one message is never in another one's trace.
// needs: agent packages mosquitto
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkMessages, checkOpened, pointsOfRefused } from './fixtures/messages.js';
import { mqttStyles } from './versions/expected.js';
import { mqttRows } from './versions/matrix.js';
import { testStyles } from './versions/styles.js';

testStyles(mqttRows, 'mqtt.cjs', () => ({ mqtt: 'mqtt' }), mqttStyles);

const worker = 'mqtt/worker.cjs';

test('MQTT 5: of hundreds of messages, each is handled in its own trace or in none, whichever request began to subscribe', async (t) => {
  await checkMessages(t, worker, ['5'], {
    points: (id) => `producer(consumer(handled ${id})) asked ${id}`,
  });
});

test('MQTT 3 carries nothing: messages are handled in no trace', async (t) => {
  await checkMessages(t, worker, ['4'], {
    names: '',
    ownNames: '',
    points: (id) => `producer asked ${id}`,
  });
});

test('a broker that may not have signed headers gets none', async (t) => {
  assert.equal(await pointsOfRefused(t, worker, ['5']), 'producer asked 1');
});

test('what a connection tells that a traced request has opened is not the request`s', async (t) => {
  await checkOpened(t, 'mqtt');
});
