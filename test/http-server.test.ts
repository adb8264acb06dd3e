// Incoming HTTP requests: what is recorded of them, and where their context holds.
// needs: agent
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { test } from 'node:test';

import { key, on, run, said, scenario, shape, signedHeaders, treeOf } from './scenario.js';

const handlers = scenario('http-handlers.cjs');
const end = (port: string): Promise<unknown> => fetch(`http://127.0.0.1:${port}/end`);

test('a signed request is a `wsgi` point with events as OSProfiler sends them', async (t) => {
  const { base_id, headers } = signedHeaders();
  const { events } = await run(t, handlers, {
    env: { ...on, OSTRACE_PROJECT: 'shop', OSTRACE_SERVICE: 'api' },
    onReady: async (port) => {
      await (await fetch(`http://127.0.0.1:${port}/plain?a=%C5%82&token=s3cret`, { headers })).text();
      await end(port);
    },
  });
  assert.equal(events.length, 2);
  const [start, stop] = events;
  assert.deepEqual(start, {
    name: 'wsgi-start',
    base_id,
    trace_id: start!.trace_id,
    parent_id: base_id,
    timestamp: start!.timestamp,
    info: {
      request: { path: '/plain', query: 'a=%C5%82&token=***', method: 'GET', scheme: 'http' },
      host: hostname(),
    },
    project: 'shop',
    service: 'api',
  });
  assert.deepEqual(Object.keys(start), [
    'name',
    'base_id',
    'trace_id',
    'parent_id',
    'timestamp',
    'info',
    'project',
    'service',
  ]);
  assert.match(start.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  assert.ok(Math.abs(Date.parse(`${start.timestamp}Z`) - Date.now()) < 60_000, 'UTC');
  assert.deepEqual(stop!.info, { response: { status_code: 200 }, host: hostname() });
  assert.equal(stop!.trace_id, start.trace_id);
  assert.ok(stop!.timestamp > start.timestamp);
});

test('trace headers are looked for among the first 250 headers', async (t) => {
  const asked = [0, 240, 260].map((others) => ({ others, ...signedHeaders() }));
  const { events } = await run(t, handlers, {
    env: on,
    onReady: async (port) => {
      for (const { others, headers } of asked) {
        const before = Object.fromEntries(Array.from({ length: others }, (_, i) => [`h${i}`, '1']));
        const response = await fetch(`http://127.0.0.1:${port}/plain`, {
          headers: { ...before, ...headers },
        });
        assert.equal(response.status, 200);
        await response.text();
      }
      await end(port);
    },
  });
  const traced = asked.filter(({ base_id }) => events.some((event) => event.base_id === base_id));
  assert.deepEqual(
    traced.map(({ others }) => others),
    [0, 240],
  );
});

test('trace headers that are there twice are refused, but for the time, which nobody asked for', async (t) => {
  const twice = (name: string): { base_id: string; lines: string[] } => {
    const { base_id, headers } = signedHeaders();
    const lines = Object.entries(headers).map(([each, value]) => `${each}: ${value}`);
    return { base_id, lines: [`${name}: 1`, `${name}: 2`, ...lines] };
  };
  const asked = ['X-Trace-Info', 'X-Trace-HMAC', 'X-Trace-Time'].map(twice);
  const { events } = await run(t, handlers, {
    env: on,
    onReady: async (port) => {
      for (const { lines } of asked) {
        const socket = connect(Number(port), '127.0.0.1');
        socket.end(`GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n`);
        await new Promise((resolve) => socket.resume().on('close', resolve));
      }
      await end(port);
    },
  });
  const traced = asked.map(({ base_id }) => events.some((event) => event.base_id === base_id));
  assert.deepEqual(traced, [false, false, true]);
});

test('the sender’s point is the parent, and a second request of the trace is a second root', async (t) => {
  const { base_id, headers } = signedHeaders();
  const { events } = await run(t, handlers, {
    env: { ...on, OSTRACE_HMAC_KEYS: 'other, test-key' },
    onReady: async (port) => {
      for (const path of ['/plain', '/status'])
        await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
      await end(port);
    },
  });
  const trees = treeOf(events, base_id);
  assert.equal(shape(trees), 'wsgi wsgi');
  assert.deepEqual(
    trees.map(({ stop }) => stop?.info['response']),
    [{ status_code: 200 }, { status_code: 404 }],
  );
});

test('the context holds in the handler, after `await`, in timers and in the events of request and response', async (t) => {
  const { events } = await run(t, handlers, {
    env: on,
    onReady: async (port, child) => {
      // Two parts of the body in packets of their own, on a connection that an untraced request used.
      const socket = connect(Number(port), '127.0.0.1');
      const received = collect(socket);
      socket.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
      await received.until('plain');
      const { headers } = signedHeaders();
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n${lines.join('')}\r\nabc`);
      await said(child, 'some of the body');
      socket.write('def');
      await received.until('\r\n0\r\n');
      // And an untraced one right behind it.
      socket.write('POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx');
      await received.until('\r\n0\r\n', 2);
      await end(port);
    },
  });
  assert.equal(shape(treeOf(events)), 'wsgi(handler data data end timer finish close)');
});

test('requests that a client sends at once on one connection each have their own context', async (t) => {
  const { events } = await run(t, handlers, {
    env: on,
    onReady: async (port) => {
      const socket = connect(Number(port), '127.0.0.1');
      const received = collect(socket);
      const one = (headers: Record<string, string>): string =>
        `POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n${Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}\r\nx`;
      socket.write(one(signedHeaders().headers) + one({}) + one(signedHeaders().headers));
      await received.until('\r\n0\r\n', 3);
      socket.end();
      await end(port);
    },
  });
  const ids = [...new Set(events.map((event) => event.base_id))];
  assert.equal(ids.length, 2);
  for (const id of ids) {
    assert.equal(shape(treeOf(events, id)), 'wsgi(handler data end timer finish close)');
  }
});

test('a request that the client aborts stops once, marked as aborted', async (t) => {
  const { events } = await run(t, handlers, {
    env: on,
    onReady: async (port, child) => {
      const closed = said(child, 'closed');
      const request = httpRequest(`http://127.0.0.1:${port}/slow`, { headers: signedHeaders().headers });
      request.on('error', () => {});
      request.on('response', (response) =>
        response.once('data', () => request.destroy()).on('error', () => {}),
      );
      request.end();
      await closed;
      await end(port);
    },
  });
  const [point, ...others] = treeOf(events);
  assert.equal(others.length, 0);
  assert.equal(point!.stop?.info['etype'], 'Aborted');
});

test('a request that waits behind another one stops when the client is gone', async (t) => {
  const { events } = await run(t, handlers, {
    env: on,
    onReady: async (port, child) => {
      const socket = connect(Number(port), '127.0.0.1');
      const one = (headers: Record<string, string>): string =>
        `POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n${Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}\r\nx`;
      const received = collect(socket);
      socket.write(one({}) + 'xxxxxxxx' + one(signedHeaders().headers));
      await received.until('started');
      const closed = said(child, 'closed');
      socket.destroy();
      await closed;
      await end(port);
    },
  });
  const [point, ...others] = treeOf(events);
  assert.equal(others.length, 0);
  assert.equal(point!.stop?.info['etype'], 'Aborted');
});

test('what a handler throws reaches the application as it is, and the point stays unfinished', async (t) => {
  const { events, stdout, code } = await run(t, handlers, {
    env: on,
    onReady: async (port, child) => {
      const seen = said(child, 'uncaught');
      fetch(`http://127.0.0.1:${port}/boom`, { headers: signedHeaders().headers }).catch(() => {});
      await seen;
      child.kill('SIGTERM');
    },
  });
  assert.match(stdout, /uncaught boom/);
  assert.equal(code, null);
  assert.equal(shape(treeOf(events)), 'wsgi!');
});

test('an application that prints a request in all its depths does not print the key', async (t) => {
  // Before Node 24 a storage hangs on the very objects that Node makes: on the parser, on each timer.
  const { stdout } = await run(t, handlers, {
    env: on,
    onReady: async (port) => {
      await fetch(`http://127.0.0.1:${port}/print`, { headers: signedHeaders().headers });
      await end(port);
    },
  });
  assert.ok(stdout.includes(' IncomingMessage {'), 'it was printed');
  assert.ok(!stdout.includes(`'${key}'`), 'the key was printed');
});

test('work that a request leaves behind is still its own', async (t) => {
  const { events } = await run(t, handlers, {
    // A busy machine runs a timer of 50 ms after more than the 100 ms that a trace waits for more.
    env: { ...on, OSTRACE_LINGER: '10000' },
    onReady: async (port) => {
      await (await fetch(`http://127.0.0.1:${port}/after`, { headers: signedHeaders().headers })).text();
      await end(port);
    },
  });
  assert.equal(shape(treeOf(events)), 'wsgi(afterwards)');
});

test('a request is one point, however its server emits it, and what is no request is none', async (t) => {
  const ask = (port: string, path: string, expectation?: string): Promise<string> => {
    const { base_id, headers } = signedHeaders();
    const expecting = { ...headers, ...(expectation !== undefined && { Expect: expectation }) };
    return new Promise((resolve, reject) => {
      httpRequest(`http://127.0.0.1:${port}${path}`, { headers: expecting }, (response) => {
        response.resume().on('end', () => resolve(base_id));
      })
        .on('error', reject)
        .end();
    });
  };
  const ids: Record<string, string> = {};
  const { events, stdout } = await run(t, scenario('emitted-requests.cjs'), {
    env: on,
    onReady: async (port) => {
      ids['wsgi(handler forward(another))'] = await ask(port, '/forward');
      ids['wsgi(asked handler)'] = await ask(port, '/', '100-continue');
      ids['wsgi(expected)'] = await ask(port, '/', 'something');
      ids['wsgi(handler)'] = await ask(port, '/end');
    },
  });
  for (const [expected, id] of Object.entries(ids)) assert.equal(shape(treeOf(events, id)), expected);
  assert.equal(new Set(events.map(({ base_id }) => base_id)).size, 4);
  assert.match(stdout, /seen 0,2,2,2/);
});

test('https servers are served alike', async (t) => {
  // A shared key in place of certificates, which nothing here could make.
  const get = (port: string, path: string, headers: Record<string, string>): Promise<void> =>
    new Promise((resolve, reject) => {
      const tls = {
        ciphers: 'PSK',
        pskCallback: () => ({ psk: Buffer.from('psk'), identity: 'test' }),
        checkServerIdentity: () => undefined,
      };
      httpsRequest(`https://127.0.0.1:${port}${path}`, { headers, ...tls }, (response) => {
        response.resume().on('end', resolve).on('error', reject);
      })
        .on('error', reject)
        .end();
    });
  const { events } = await run(t, handlers, {
    env: { ...on, PSK: 'psk' },
    onReady: async (port) => {
      await get(port, '/events', signedHeaders().headers);
      await get(port, '/end', {}).catch(() => {});
    },
  });
  const [point] = treeOf(events);
  assert.equal((point!.start.info['request'] as { scheme: string }).scheme, 'https');
  assert.equal(shape([point!]), 'wsgi(handler end timer finish close)');
});

/** Reads a socket, and waits until a text has come a number of times. */
function collect(socket: ReturnType<typeof connect>): { until(text: string, times?: number): Promise<void> } {
  let all = '';
  socket.setEncoding('utf8').on('data', (text) => (all += text));
  return {
    async until(text, times = 1) {
      const deadline = Date.now() + 10_000;
      while (all.split(text).length <= times) {
        if (Date.now() > deadline) throw new Error(`waited for ${JSON.stringify(text)}; got ${all}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
