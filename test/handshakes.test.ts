// Upgrades and `CONNECT` on the side of the server: a point that ends with the answer.
// needs: agent
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';

import { on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

// On a busy machine more than the usual 100 ms pass between an answer and what follows it in the same turn.
const env = { ...on, OSTRACE_LINGER: '5000' };

type Headers = Readonly<Record<string, string>>;

const handshake = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
};

/** Asks for another protocol; gives how the server answered. */
async function ask(port: string, method: string, path: string, headers: Headers): Promise<string> {
  const asked: ClientRequest = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  asked.end();
  return new Promise((resolve) => {
    asked.on('error', ({ message }) => resolve(message));
    asked.on('response', (response) => resolve(String(response.resume().statusCode)));
    for (const event of ['upgrade', 'connect']) {
      asked.on(event, (response: IncomingMessage, socket: Duplex) => {
        socket.on('error', () => {}).destroy();
        resolve(String(response.statusCode));
      });
    }
  });
}

const ways: Readonly<Record<string, readonly [path: string, answer: RegExp, tree: string, stop: unknown]>> = {
  'a WebSocket': ['/websocket', /^101$/, 'wsgi(inside accepted)', { response: { status_code: 101 } }],
  'an upgrade that is answered later': [
    '/late?token=s3cret',
    /^101$/,
    'wsgi(inside timer)',
    { response: { status_code: 101 } },
  ],
  'an upgrade that is refused': ['/refused', /^403$/, 'wsgi(inside)', { response: { status_code: 403 } }],
  'an upgrade that is dropped': [
    '/dropped',
    /socket hang up/,
    'wsgi(inside)',
    { etype: 'Aborted', message: 'the connection was closed before the response was complete' },
  ],
};

for (const [what, [path, answer, tree, stop]] of Object.entries(ways)) {
  test(`${what} is a point that ends with its answer, and goes on as without the agent`, async (t) => {
    const { base_id, headers } = signedHeaders();
    const { events, stderr, code } = await run(t, scenario('handshakes.cjs'), {
      env,
      onReady: async (port) => {
        assert.match(await ask(port, 'GET', path, handshake), answer, 'not traced');
        assert.match(await ask(port, 'GET', path, { ...handshake, ...headers }), answer, 'traced');
        await fetch(`http://127.0.0.1:${port}/end`);
      },
    });
    assert.deepEqual([stderr, code], ['', 0]);
    assert.deepEqual(new Set(events.map((event) => event.base_id)), new Set([base_id]), 'traces');
    const [wsgi, ...others] = treeOf(events);
    assert.deepEqual(others, []);
    assert.equal(shape([wsgi!]), tree);
    const { host: _host, ...info } = wsgi!.stop!.info;
    assert.deepEqual(info, stop);
    assert.ok(!JSON.stringify(events).includes('s3cret'));
  });
}

test('methods that the application puts over those of the socket stay', async (t) => {
  const { stdout } = await run(t, scenario('handshakes.cjs'), {
    env,
    onReady: async (port) => {
      const headers = { ...handshake, ...signedHeaders().headers };
      assert.equal(await ask(port, 'GET', '/wrapped', headers), '101');
      await fetch(`http://127.0.0.1:${port}/end`);
    },
  });
  assert.match(stdout, /^seen 3$/m);
});

test('the methods of the socket look as without the agent', async (t) => {
  const { stdout } = await run(t, scenario('handshakes.cjs'), {
    env,
    onReady: async (port) => {
      for (const headers of [handshake, { ...handshake, ...signedHeaders().headers }]) {
        assert.equal(await ask(port, 'GET', '/looks', headers), '403');
      }
      await fetch(`http://127.0.0.1:${port}/end`);
    },
  });
  const [, untraced, traced] = stdout.split('\n');
  assert.match(untraced!, /^looks .*"emit",1/);
  assert.equal(traced, untraced);
});

test('messages of a WebSocket come through, and are no part of the request that opened it', async (t) => {
  const { headers } = signedHeaders();
  const { events } = await run(t, scenario('handshakes.cjs'), {
    env,
    onReady: async (port) => {
      const { WebSocket } = await import('ws');
      const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket`, { headers });
      await once(socket, 'open');
      socket.send('hello');
      const [data] = (await once(socket, 'message')) as [Buffer];
      assert.equal(data.toString(), 'hello');
      socket.close();
      await once(socket, 'close');
      await fetch(`http://127.0.0.1:${port}/end`);
    },
  });
  assert.equal(shape(treeOf(events)), 'wsgi(inside accepted)');
});

test('a `CONNECT` is a point that ends with its answer', async (t) => {
  const { headers } = signedHeaders();
  const { events } = await run(t, scenario('handshakes.cjs'), {
    env,
    onReady: async (port) => {
      assert.equal(await ask(port, 'CONNECT', 'example.org:443', { ...headers }), '200');
      await fetch(`http://127.0.0.1:${port}/end`);
    },
  });
  const [wsgi] = treeOf(events);
  assert.equal(shape([wsgi!]), 'wsgi(inside)');
  assert.deepEqual(wsgi!.stop!.info['response'], { status_code: 200 });
  assert.deepEqual(wsgi!.start.info['request'], {
    path: 'example.org:443',
    query: '',
    method: 'CONNECT',
    scheme: 'http',
  });
});
