// NATS by `nats` 2 and `@nats-io/nats-core` 3: each message is one point where it is sent and one where it is handled, by a
// callback or by the body of a loop, in every supported version; and what is done for one message is never in another
// one's trace.
// needs: agent packages nats
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect, headers as createHeaders } from '@nats-io/transport-node';

import { checkMessages, checkOpened, pointsOfRefused } from './fixtures/messages.js';
import { on, run, scenario, signedHeaders, treeOf } from './scenario.js';
import { describedCalls } from './versions/described.js';
import { natsStyles } from './versions/expected.js';
import { natsRows } from './versions/matrix.js';
import { testStyles } from './versions/styles.js';

const core = '@nats-io/transport-node';

testStyles(
  natsRows,
  'nats.cjs',
  (names) => (names.includes(core) ? { nats: core, streams: '@nats-io/jetstream' } : { nats: 'nats' }),
  natsStyles,
);

const worker = 'nats/worker.cjs';
const pointsOf: Readonly<Record<string, string>> = {
  answered: 'client(server',
  stream: 'producer(consumer=ack',
};

for (const [name, style] of [
  [core, 'called'],
  [core, 'answered'],
  [core, 'iterated'],
  [core, 'not awaited'],
  [core, 'stream'],
  ['nats', 'iterated'],
] as const) {
  test(`${name}, ${style}: of hundreds of messages, each is handled in its own trace or in none, whichever request began to subscribe`, async (t) => {
    await checkMessages(t, worker, [name, style], {
      points: (id) => `${pointsOf[style] ?? 'producer(consumer'}(handled ${id})) asked ${id}`,
    });
  });
}

for (const name of [core, 'nats']) {
  test(`${name}: the first messages of a process that was idle are handled in their traces, and nothing else is`, async (t) => {
    const nc = await connect({ servers: process.env['NATS_URL']! });
    t.after(() => nc.close());
    const signed = new Map<string, string>();
    const { events, code, stderr } = await run(t, scenario('nats/waiting.cjs'), {
      env: on,
      args: [name],
      onReady: async (subject) => {
        const done = nc.subscribe(`${subject}-done`);
        await nc.flush();
        const send = (letter: string, id: string, isSigned: boolean): void => {
          const { base_id, headers } = signedHeaders();
          const sent = createHeaders();
          if (isSigned) {
            signed.set(id, base_id);
            for (const [header, value] of Object.entries(headers)) sent.append(header, value);
          }
          nc.publish(`${subject}.${letter}`, id, { headers: sent });
        };
        // All in one packet, and so in one turn.
        let left = 0;
        for (let i = 0; i < 4; i++) {
          for (const letter of 'abc') {
            send(letter, `${letter}${i}`, (i + letter.charCodeAt(0)) % 2 === 1);
            left++;
          }
        }
        for await (const _ of done) if (--left === 0) break;
        for (const letter of 'abc') send(letter, 'end', letter === 'b');
        await nc.flush();
      },
    });
    assert.deepEqual([code, stderr], [0, '']);
    for (const [id, base_id] of signed) {
      const described = treeOf(events, base_id)
        .map((point) => describedCalls([point]))
        .toSorted();
      const loop = id === 'end' ? 'consumer' : `consumer(handled ${id} then ${id} later ${id} producer)`;
      assert.deepEqual(described, ['consumer', loop].toSorted());
    }
    const known = new Set(signed.values());
    assert.deepEqual(
      events.filter(({ base_id, name: which }) => !known.has(base_id) || which.startsWith('foreign')),
      [],
    );
  });
}

test('a server that may not have signed headers gets none', async (t) => {
  assert.equal(await pointsOfRefused(t, worker, [core, 'iterated']), 'producer asked 1');
});

test('what a connection tells that a traced request has opened is not the request`s', async (t) => {
  await checkOpened(t, 'nats');
});
