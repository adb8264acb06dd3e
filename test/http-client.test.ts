// Outgoing HTTP requests: a point for each, and signed headers only for those who may have them.
// needs: agent
import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';

import { verify } from '../src/trace/signing.js';
import { type SeenPoint, key, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that keeps what it was asked. */
async function listen(t: TestContext): Promise<{ base: string; seen: Seen[]; refusing: string }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url!, headers: request.headers });
    if (request.url!.startsWith('/redirect/')) response.writeHead(302, { location: `/to${request.url}` });
    if (request.url!.startsWith('/retry/')) response.writeHead(503);
    if (request.url === '/redirect') response.writeHead(302, { location: '/target' });
    request.resume().on('end', () => response.end(`answer to ${request.url}`));
  });
  server.on('connect', (request, socket) => {
    seen.push({ url: request.url!, headers: request.headers });
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  server.on('upgrade', (request, socket) => {
    seen.push({ url: request.url!, headers: request.headers });
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  // A port that nobody listens on any more; not port 1, which `fetch` does not even try.
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const refusing = String((gone.address() as AddressInfo).port);
  await new Promise((resolve) => gone.close(resolve));
  return { refusing, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const profiled = { ...on, OSTRACE_PROFILE: key };
const carries = ({ headers }: Seen): boolean =>
  verify(headers['x-trace-info'], headers['x-trace-hmac'], [key]) !== undefined;

for (const file of ['http-clients.cjs', 'http-clients.mjs']) {
  test(`${file}: each way to ask is one point, and the server is told that point`, async (t) => {
    const { base, seen, refusing } = await listen(t);
    const args = [base, refusing];
    const bare = await run(t, scenario(file), { load: 'none', args });
    const plain = seen.splice(0);
    const { stdout, stderr, code, events } = await run(t, scenario(file), { env: profiled, args });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.equal(stdout, bare.stdout, 'what the application got');
    assert.deepEqual(
      seen.map(
        ({ headers: { 'x-trace-info': _info, 'x-trace-hmac': _hmac, 'x-trace-time': _time, ...rest } }) =>
          rest,
      ),
      plain.map(({ headers }) => headers),
      'what the server got, but for the three headers',
    );
    const [root] = treeOf(events);
    assert.equal(root!.name, 'process');
    for (const way of root!.children) {
      assert.equal(shape(way.children), way.name === 'fetch_ redirected' ? 'http http' : 'http', way.name);
    }
    const points = new Map(
      root!.children.flatMap((way) => way.children).map((point) => [pathOf(point), point]),
    );
    for (const asked of seen) {
      const isAws = asked.url.startsWith('/aws');
      assert.equal(carries(asked), !isAws, asked.url);
      if (isAws) continue;
      const { parent_id } = verify(asked.headers['x-trace-info'], asked.headers['x-trace-hmac'], [key])!;
      const sender = root!.children
        .flatMap((way) => way.children)
        .find(({ start }) => start.trace_id === parent_id);
      assert.equal(sender && pathOf(sender), asked.url.split('?')[0], 'the sender’s point');
    }
    const { hostname, port } = new URL(base);
    assert.deepEqual(points.get('/request')!.start.info['requests'], {
      method: 'PUT',
      scheme: 'http',
      hostname,
      port: Number(port),
      path: '/request',
      query: '',
    });
    // What carried the trace on says so: a reader can tell then whose points are missing.
    const signed = true;
    assert.deepEqual(points.get('/get')!.stop!.info['requests'], { status_code: 200, signed });
    assert.deepEqual(points.get('/upgrade')!.stop!.info['requests'], { status_code: 101, signed });
    for (const [path, point] of points) {
      if (point.stop!.info['etype'] !== undefined) continue;
      const { signed: says } = point.stop!.info['requests'] as { signed?: boolean };
      assert.equal(says, path?.startsWith('/aws') ? undefined : true, path);
    }
    assert.match(String(points.get('/refused')!.stop!.info['message']), /ECONNREFUSED/);
    assert.ok(points.get('/refused')!.stop!.info['etype']);
  });
}

test('signed headers go to local hosts by default, and to those that are named', async (t) => {
  const { base, seen } = await listen(t);
  const code = `fetch('${base}/a').then(() => {})`;
  const asked = async (to: string | undefined): Promise<boolean> => {
    const { events } = await run(t, '-e', { args: [code], env: { ...profiled, OSTRACE_PROPAGATE_TO: to } });
    assert.equal(shape(treeOf(events)), 'process(http)');
    return carries(seen.pop()!);
  };
  assert.equal(await asked(undefined), true);
  assert.equal(await asked('*'), true);
  assert.equal(await asked('127.0.0.1'), true);
  assert.equal(await asked('*.example.org, other'), false);
});

test('what undici sends late is never signed for, or shown in, the trace of another request', async (t) => {
  const { base, seen } = await listen(t);
  const { base_id, headers } = signedHeaders();
  const { events } = await run(t, scenario('undici-late.cjs'), {
    env: on,
    args: [base],
    onReady: async (port, child) => {
      const ask = async (path: string, withHeaders = {}): Promise<unknown> =>
        (await fetch(`http://127.0.0.1:${port}${path}`, { headers: withHeaders })).text();
      for (const way of ['pool', 'redirect', 'retry']) {
        // The first one opens the connection that all use.
        const asked = [ask(`/${way}/signed`, headers)];
        for (let i = 0; i < 3; i++) asked.push(ask(`/${way}/unsigned`), ask(`/${way}/signed`, headers));
        await Promise.all(asked);
      }
      child.kill();
    },
  });
  const signed = seen.filter(carries);
  assert.ok(seen.length > 30 && signed.length > 0);
  assert.deepEqual(
    signed.filter(({ url }) => url.endsWith('/unsigned')),
    [],
  );
  // Requests that wait for a busy pool have a known caller.
  assert.equal(signed.filter(({ url }) => url === '/pool/signed').length, 4);
  const points = treeOf(events, base_id).flatMap(({ children }) => children);
  assert.equal(points.length, signed.length);
  assert.ok(points.every((point) => pathOf(point).endsWith('/signed')));
});

test('through a forward proxy, signed headers go only to hosts that may have them', async (t) => {
  const { base, seen } = await listen(t);
  const code = `
    const { get, request } = require('node:http');
    const { Client, ProxyAgent, request: ask } = require('undici');
    const [base] = process.argv.slice(1);
    const { hostname, port } = new URL(base);
    const done = (outgoing) => new Promise((resolve) => {
      outgoing.on('response', (response) => response.resume()).on('error', () => {}).on('close', resolve).end();
    });
    (async () => {
      for (const host of ['api.third-party.example', 'localhost']) {
        await done(get({ hostname, port, path: 'http://' + host + '/http' }));
        const { body } = await new Client(base).request({ method: 'GET', path: 'http://' + host + '/undici' });
        await body.dump();
      }
      await done(get({ hostname, port, path: 'HTTP://u:p@api.third-party.example' }));
      await done(request({ hostname, port, method: 'CONNECT', path: 'localhost:80' }));
      await ask('https://localhost/', { dispatcher: new ProxyAgent(base) }).catch(() => {});
      process.exit();
    })();
  `;
  await run(t, '-e', { args: [code, base], env: profiled });
  const asked = seen.map((each) => [each.url, carries(each)]);
  assert.deepEqual(asked, [
    ['http://api.third-party.example/http', false],
    ['http://api.third-party.example/undici', false],
    ['http://localhost/http', true],
    ['http://localhost/undici', true],
    ['HTTP://u:p@api.third-party.example', false],
    ['localhost:80', false],
    ['localhost:443', false],
  ]);
});

test('`http.get` does not call a stub in the place of `http.request`, traced or not', async (t) => {
  const { base, seen } = await listen(t);
  const code = `
    const http = require('node:http');
    http.request = () => { throw new Error('the stub'); };
    http.get(process.argv[1] + '/get', (response) => response.resume());
  `;
  for (const env of [on, profiled]) {
    const { stderr } = await run(t, '-e', { args: [code, base], env });
    assert.equal(stderr, '');
  }
  assert.deepEqual(seen.map(carries), [false, true]);
});

test('a `CONNECT` is a point, and is not signed even where all hosts may have headers', async (t) => {
  const { base, seen } = await listen(t);
  const { hostname, port } = new URL(base);
  const code = `
    require('node:http').request({ host: '${hostname}', port: ${port}, method: 'CONNECT', path: 'localhost:1' })
      .on('connect', (response, socket) => { socket.destroy(); console.log(response.statusCode); }).end();
  `;
  const { stdout, events } = await run(t, '-e', {
    args: [code],
    env: { ...profiled, OSTRACE_PROPAGATE_TO: '*' },
  });
  assert.equal(stdout, '502\n');
  assert.equal(shape(treeOf(events)), 'process(http)');
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['localhost:1'],
  );
  assert.equal(seen[0]!.headers['x-trace-info'], undefined);
});

test('no name and password that stand in a host are kept, nor in the message of its failure', async (t) => {
  const code = `
    const http = require('node:http');
    const ask = (options) => http.get(options).on('error', ({ message }) => console.log(message));
    ask({ host: 'u:hunter2@127.0.0.1' });
    ask({ hostname: 'u:hun@ter2@[::1]', port: 1 });
    ask({ host: 'u:' + 'hunter2'.repeat(300) + '@h' });
    http.get({ host: 'hunter2@h', lookup: (name, options, tell) => tell(new Error('no ' + name + ', ' + name)) })
      .on('error', () => {});
  `;
  const { stdout, events } = await run(t, '-e', { args: [code], env: profiled });
  assert.match(stdout, /hunter2/, 'the application sees it');
  assert.doesNotMatch(JSON.stringify(events), /hun|ter2/);
  const hosts = events.flatMap(({ info }) => (info['requests'] as { hostname?: string })?.hostname ?? []);
  assert.deepEqual(hosts, ['127.0.0.1', '[::1]', 'h', 'h']);
  const messages = events.map(({ info }) => info['message']).filter((message) => message !== undefined);
  assert.ok(messages.includes('getaddrinfo ENOTFOUND ***@127.0.0.1'), JSON.stringify(messages));
  assert.ok(messages.includes('no ***@h, ***@h'), JSON.stringify(messages));
});

function pathOf(point: SeenPoint): string {
  return (point.start.info['requests'] as { path: string }).path;
}
