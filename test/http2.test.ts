// HTTP/2, both sides: what is recorded of a request, what it carries on, and where its callbacks run.
// needs: agent
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { type SeenPoint, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

const app = scenario('http2-app.cjs');

async function text(stream: ClientHttp2Stream): Promise<string> {
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return body;
}

/** Runs the application, lets a client use its two servers, and ends it. */
async function serve(
  t: Parameters<typeof run>[0],
  use: (compat: ClientHttp2Session, core: ClientHttp2Session) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Event[]> {
  const { events, stderr, code } = await run(t, app, {
    env: { ...on, ...env },
    onReady: async (ports) => {
      const sessions = ports.split(' ').map((port) => connect(`http://127.0.0.1:${port}`));
      const [compat, core] = sessions as [ClientHttp2Session, ClientHttp2Session];
      await use(compat, core);
      core.close();
      await text(compat.request({ ':path': '/end' }));
      compat.close();
    },
  });
  assert.deepEqual([stderr, code], ['', 0]);
  return events;
}

const info = ({ info: { host: _host, ...rest } }: Event): unknown => rest;

for (const [style, at] of [
  ['compat', 0],
  ['stream', 1],
] as const) {
  test(`${style} API: a signed request is a \`wsgi\` point, and its callbacks run within it`, async (t) => {
    const { base_id, headers } = signedHeaders();
    const events = await serve(t, async (...sessions) => {
      for (const more of [headers, {}]) {
        const request = sessions[at].request({ ':path': '/events', ':method': 'POST', ...more });
        request.end('body');
        assert.equal(await text(request), 'done');
      }
    });
    assert.deepEqual(new Set(events.map((event) => event.base_id)), new Set([base_id]), 'traces');
    const [wsgi, ...others] = treeOf(events);
    assert.deepEqual(others, []);
    assert.equal(shape([wsgi!]), 'wsgi(handler data end timer close)');
    assert.deepEqual(info(wsgi!.start), {
      request: { path: '/events', query: '', method: 'POST', scheme: 'http' },
    });
    assert.deepEqual(info(wsgi!.stop!), { response: { status_code: 201 } });
  });

  test(`${style} API: a request that the server breaks off is marked as aborted`, async (t) => {
    const events = await serve(t, async (...sessions) => {
      const request = sessions[at].request({ ':path': '/refused', ...signedHeaders().headers });
      await assert.rejects(text(request), { code: 'ERR_HTTP2_STREAM_ERROR' });
    });
    const [wsgi] = treeOf(events);
    assert.equal((info(wsgi!.stop!) as { etype?: string }).etype, 'Aborted');
  });

  test(`${style} API: a request that the client cancels stops once, marked as aborted`, async (t) => {
    const events = await serve(t, async (...sessions) => {
      const request = sessions[at].request({ ':path': '/slow', ...signedHeaders().headers });
      await once(request, 'data');
      request.close(constants.NGHTTP2_CANCEL);
      await once(request, 'close');
    });
    const [wsgi] = treeOf(events);
    assert.deepEqual(info(wsgi!.stop!), {
      etype: 'Aborted',
      message: 'the connection was closed before the response was complete',
      response: { status_code: 200 },
    });
  });
}

test('each outgoing request is one point, and the server is told that point where it may be', async (t) => {
  let answers: Record<string, { parent_id?: string; isUntouched?: boolean }> = {};
  const events = await serve(t, async (compat) => {
    const request = compat.request({ ':path': '/ask', ...signedHeaders().headers });
    answers = JSON.parse(await text(request)) as typeof answers;
  });
  const [wsgi] = treeOf(events);
  const asked = wsgi!.children.filter(({ name }) => name === 'http');
  assert.equal(asked.length, Object.keys(answers).length);
  const isNotTold = ['signed by AWS', 'signed by AWS, a list', 'another authority'];
  // The server is in the same process; the client's callbacks run where the caller is.
  const shapes = Object.keys(answers).map((name) => (isNotTold.includes(name) ? 'http' : 'http(wsgi)'));
  assert.equal(shape(wsgi!.children), shapes.map((each) => `${each} answered`).join(' '));
  for (const [i, [name, answer]] of Object.entries(answers).entries()) {
    const isTold = !isNotTold.includes(name);
    assert.equal(answer.parent_id, isTold ? asked[i]!.start.trace_id : undefined, name);
    assert.notEqual(answer.isUntouched, false, `the headers of the caller: ${name}`);
  }
  const { requests } = info(asked[0]!.start) as { requests: Record<string, unknown> };
  assert.equal(typeof requests['port'], 'number');
  assert.deepEqual(
    { ...requests, port: 0 },
    { method: 'GET', scheme: 'http', hostname: '127.0.0.1', port: 0, path: '/echo', query: 'token=***' },
  );
  assert.deepEqual(info(asked[0]!.stop!), { requests: { status_code: 200, signed: true } });
});

test('an outgoing request that fails says why', async (t) => {
  const events = await serve(t, async (compat) => {
    const request = compat.request({ ':path': '/broken', ...signedHeaders().headers });
    assert.equal(await text(request), 'ERR_HTTP2_STREAM_ERROR');
  });
  const [http] = treeOf(events)[0]!.children;
  assert.equal((info(http!.stop!) as { etype?: string }).etype, 'ERR_HTTP2_STREAM_ERROR');
});

test('what a session is given as its host is recorded without the user, and decides as the host alone', async (t) => {
  const { events, stdout, stderr, code } = await run(t, scenario('http2-sessions.cjs'), { env: on });
  assert.deepEqual([stderr, code], ['', 0]);
  const [known, unknown] = treeOf(events).map(({ children }) => children);
  const requestOf = ({ start }: SeenPoint): Record<string, unknown> =>
    (info(start) as { requests: Record<string, unknown> }).requests;
  assert.equal(requestOf(known![0]!)['hostname'], '127.0.0.1');
  assert.equal(stdout, '/user true\n/timeout true\n');
  assert.equal(requestOf(unknown![0]!)['hostname'], 'nowhere.invalid');
  assert.match(unknown![0]!.stop!.info['message'] as string, /ENOTFOUND \*\*\*@nowhere\.invalid/);
  assert.ok(!JSON.stringify(events).includes('s3cret'));
});

test('the timeout of a session is nobody`s, that of a stream its request`s', async (t) => {
  const { events } = await run(t, scenario('http2-sessions.cjs'), { env: on });
  const { children } = treeOf(events).find(({ name }) => name === 'a timeout')!;
  assert.equal(shape(children), 'http(wsgi) http(wsgi) stream');
});

test('the switches of HTTP hold for HTTP/2 too', async (t) => {
  const ask = async (compat: ClientHttp2Session): Promise<void> => {
    await text(compat.request({ ':path': '/ask', ...signedHeaders().headers }));
  };
  assert.deepEqual(await serve(t, ask, { OSTRACE_INSTRUMENT_HTTP_SERVER: 'false' }), []);
  const events = await serve(t, ask, { OSTRACE_INSTRUMENT_HTTP_CLIENT: 'false' });
  assert.ok(
    events.some(({ name }) => name === 'wsgi-stop') && !events.some(({ name }) => name.startsWith('http-')),
  );
});

test('an idle agent does not load HTTP/2, nor patch it before there is a trace', async (t) => {
  const code = `
    const isLoaded = () => process.moduleLoadList.includes('NativeModule http2');
    const before = isLoaded();
    const { connect } = require('http2');
    const { Duplex } = require('stream');
    const session = connect('http://localhost', { createConnection: () => new Duplex({ read() {}, write() {} }) });
    session.on('error', () => {}).destroy();
    console.log(before, Object.getOwnPropertySymbols(Object.getPrototypeOf(session).request).length);`;
  assert.equal((await run(t, '-e', { args: [code], env: on })).stdout, 'false 0\n');
});
