// What a traced request leaves behind on what outlives it: nothing.
// needs: agent
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';

import { patiently } from './fixtures/patiently.js';
import { agentFolder, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

const requests = 12;

interface State {
  traces: number;
  live: number;
  left: number;
  held: number;
  emits: number;
  sockets: string[][];
  others: string[][];
}

test('connections that stay open keep no listener and no contexts of the traced requests that they served', async (t) => {
  const play = async (isTraced: boolean): Promise<{ early: State; late: State }> => {
    const states: State[] = [];
    const { events, code, stderr } = await run(t, scenario('keep-alive.cjs'), {
      env: { ...on, AGENT: agentFolder },
      nodeArgs: ['--expose-gc'],
      onReady: async (port) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const ask = (path: string, headers: Record<string, string> = {}): Promise<string> =>
          bodyOf({ port, path, headers, agent });
        for (let i = 0; i < requests; i++) {
          assert.equal(await ask('/outer', isTraced ? signedHeaders().headers : {}), 'outer');
          if (i === 1) states.push(JSON.parse(await ask('/state')) as State);
        }
        // A trace ends when none of its points has been open for a while.
        const look = async (): Promise<State> => JSON.parse(await ask('/state')) as State;
        states.push(await patiently(look, ({ live }) => live === 0));
        await ask('/end');
        agent.destroy();
      },
    });
    assert.deepEqual([code, stderr], [0, '']);
    if (isTraced) {
      const trees = new Set(
        [...new Set(events.map((event) => event.base_id))].map((id) => shape(treeOf(events, id))),
      );
      assert.deepEqual([...trees], ['wsgi(http(wsgi) command thread(thread_main))']);
    }
    return { early: states[0]!, late: states[1]! };
  };
  const untraced = await play(false);
  const traced = await play(true);
  assert.equal(untraced.late.traces, 0);
  assert.equal(traced.late.traces, requests);
  assert.ok(traced.early.left > 0, 'a live trace is not seen: the test shows nothing');
  // Of the request that opened the connection to the server itself, whose socket remembers where it was made,
  // and of the last one; never one for each request. And they are a few words, which hold nothing.
  assert.ok(traced.late.left <= 2, `${traced.late.left} traces are still held`);
  assert.equal(traced.late.held, 0);
  assert.deepEqual(traced.late.sockets, untraced.late.sockets);
  assert.deepEqual(traced.late.others, untraced.late.others);
  assert.equal(traced.late.emits, untraced.late.emits);
});

test('a trace of which nothing is open is only counted: its objects are garbage before it ends', async (t) => {
  const states: { live: number; left: number }[] = [];
  const { code, stderr } = await run(t, scenario('quiet-traces.cjs'), {
    env: { ...on, AGENT: agentFolder },
    nodeArgs: ['--expose-gc'],
    onReady: async (port) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ask = (path: string, headers: object = {}): Promise<string> =>
        bodyOf({ port, path, headers, agent });
      const look = async (): Promise<(typeof states)[0]> =>
        JSON.parse(await ask('/state')) as (typeof states)[0];
      for (let i = 0; i < 3 * requests; i++) await ask('/', signedHeaders().headers);
      states.push(await look());
      // The last ones wait a moment for what Node tells later of collections of garbage.
      states.push(await patiently(look, ({ left, live }) => left <= 2 || live === 0));
      // What came too late is counted for five seconds.
      states.push(await patiently(look, ({ live }) => live === 0));
      await ask('/end');
      agent.destroy();
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const [early, soon, late] = states;
  // The connection remembers the first request, and the last one.
  assert.ok(early!.left <= 2 + 16, `${early!.left} traces are still held`);
  assert.ok(early!.live > 2 + 16 && soon!.live > 2, 'they have ended: the test shows nothing');
  assert.ok(soon!.left <= 2, `${soon!.left} traces are held until they end`);
  assert.equal(late!.live, 0);
});

for (const [way, shapeOfIt] of [
  ['begin', 'wsgi'],
  ['end', 'wsgi'],
  ['serve', 'wsgi'],
] as const) {
  test(`where the agent fails at the ${way} of a request, it is answered, and no trace stays live`, async (t) => {
    const { base_id, headers } = signedHeaders();
    const { events, stdout, stderr, code } = await run(t, scenario('failing-inside.cjs'), {
      env: { ...on, AGENT: agentFolder, SIGNED: JSON.stringify(headers) },
      args: [way],
    });
    assert.deepEqual([stdout, code], ['200 answer\nnothing is live\n', 0]);
    assert.match(stderr, /^ostrace: the (?:hook|channel) .*is switched off; .*RangeError: mine/);
    assert.equal(shape(treeOf(events, base_id)), shapeOfIt);
  });
}

test('requests of HTTP/2 are listened to only while a trace is live', async (t) => {
  const { headers } = signedHeaders();
  const { stdout, stderr } = await run(t, scenario('failing-inside.cjs'), {
    env: { ...on, AGENT: agentFolder, SIGNED: JSON.stringify(headers) },
    args: ['nothing'],
  });
  assert.deepEqual([stdout, stderr], ['false\ntrue\n200 answer\nfalse\nnothing is live\n', '']);
});

function bodyOf({
  port,
  ...options
}: {
  port: string;
  path: string;
  headers: object;
  agent: Agent;
}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ ...options, headers: { ...options.headers }, port, host: '127.0.0.1' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}
