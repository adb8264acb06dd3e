// NATS by `nats` 2 and `@nats-io/nats-core` 3: each message is one point where it is sent and one where it is handled, by a
// callback or by the body of a loop, in every supported version; and what is done for one message is never in another
// one's trace.
// needs: agent packages nats
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';

import { connect, headers as createHeaders } from '@nats-io/transport-node';

import { on, key, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';
import { sameAs, writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { natsStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { natsRows } from './versions/matrix.js';

for (const { packages, because, differs } of natsRows) {
  const names = Object.keys(packages);
  const [name, version] = Object.entries(packages)[0]!;
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`${name} ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
      const folder = installed(...names.map((each) => `${each}@${packages[each]}`));
      const app = writeApp(t, folder, kind, 'nats.cjs', {
        nats: names.find((each) => each.endsWith('transport-node')) ?? name,
        ...(names.includes('@nats-io/jetstream') && { streams: '@nats-io/jetstream' }),
      });
      const bare = await run(t, app, { load: 'none' });
      assert.equal(bare.code, 0, bare.stderr);
      const idle = await run(t, app, { env: on });
      sameAs(bare, idle);
      assert.deepEqual(idle.files, []);
      const traced = await run(t, app, { env: { ...on, OSTRACE_PROFILE: key } });
      sameAs(bare, traced);
      const [root, ...others] = treeOf(traced.events);
      assert.deepEqual(others, []);
      const styles = root!.children.filter((point) => point.name !== 'rpc');
      assert.deepEqual(
        Object.fromEntries(styles.map((point) => [point.name, describedCalls(point.children)])),
        { ...natsStyles, ...differs },
      );
    });
  }
}

const carried = 'own,x-trace-hmac,x-trace-info,x-trace-time';
const core = '@nats-io/transport-node';

for (const [name, style] of [
  [core, 'called'],
  [core, 'iterated'],
  [core, 'not awaited'],
  [core, 'stream'],
  ['nats', 'iterated'],
] as const) {
  test(`${name}, ${style}: of hundreds of messages, each is handled in its own trace or in none, whichever request began to subscribe`, async (t) => {
    const asked = new Map<string, { readonly base_id: string; readonly isSigned: boolean }>();
    const { events, code, stderr } = await run(t, scenario('nats/worker.cjs'), {
      env: on,
      args: [name, style],
      onReady: async (line) => {
        const { port } = JSON.parse(line) as { port: number };
        const ask = async (id: string, isSigned: boolean): Promise<void> => {
          const { base_id, headers } = signedHeaders();
          asked.set(id, { base_id, isSigned });
          const response = await fetch(`http://127.0.0.1:${port}/${id}`, {
            headers: isSigned ? headers : {},
          });
          assert.equal(await response.text(), isSigned ? carried : 'own');
        };
        await ask('first', true);
        await ask('untraced', false);
        // Long after that one is over.
        await setTimeout(300);
        await ask('untraced later', false);
        await Promise.all(Array.from({ length: 300 }, (_, i) => ask(`${i}`, i % 3 !== 1)));
        await (await fetch(`http://127.0.0.1:${port}/end`)).text();
      },
    });
    assert.deepEqual([code, stderr], [0, '']);
    const end = style === 'stream' ? 'consumer=ack' : 'consumer';
    for (const [id, { base_id, isSigned }] of asked) {
      const [root, ...more] = treeOf(events, base_id);
      if (!isSigned) {
        assert.equal(root, undefined, id);
        continue;
      }
      assert.deepEqual(more, []);
      // The first one has JetStream set up.
      const own = root!.children.filter(
        (point) => !shape([point]).match(/^rpc$/) || describedCalls([point]) !== 'client',
      );
      assert.equal(describedCalls(own), `producer(${end}(handled ${id})) asked ${id}`);
    }
    const known = new Set([...asked.values()].flatMap(({ base_id, isSigned }) => (isSigned ? base_id : [])));
    assert.deepEqual(
      events.filter(({ base_id, name: which }) => !known.has(base_id) || which.startsWith('left_out')),
      [],
    );
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
  const { base_id, headers } = signedHeaders();
  const { events } = await run(t, scenario('nats/worker.cjs'), {
    env: { ...on, OSTRACE_PROPAGATE_TO: 'example.org' },
    args: [core, 'iterated'],
    onReady: async (line) => {
      const { port } = JSON.parse(line) as { port: number };
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/1`, { headers })).text(), 'own');
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  const [root] = treeOf(events, base_id);
  assert.equal(describedCalls(root!.children), 'producer asked 1');
});
