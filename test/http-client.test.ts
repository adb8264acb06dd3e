import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';

import { verify } from '../src/trace/signing.js';
import { type SeenPoint, key, on, run, scenario, shape, treeOf } from './scenario.js';

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that keeps what it was asked. */
async function listen(t: TestContext): Promise<{ base: string; seen: Seen[]; refusing: string }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url!, headers: request.headers });
    if (request.url === '/redirect') response.writeHead(302, { location: '/target' });
    request.resume().on('end', () => response.end(`answer to ${request.url}`));
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
      seen.map(({ headers: { 'x-trace-info': _info, 'x-trace-hmac': _hmac, ...rest } }) => rest),
      plain.map(({ headers }) => headers),
      'what the server got, but for the two headers',
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
      assert.equal(sender && pathOf(sender), asked.url.split('?')[0], 'the sender`s point');
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
    assert.deepEqual(points.get('/get')!.stop!.info['requests'], { status_code: 200 });
    assert.deepEqual(points.get('/upgrade')!.stop!.info['requests'], { status_code: 101 });
    assert.match(String(points.get('/refused')!.stop!.info['message']), /ECONNREFUSED|^$/);
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

function pathOf(point: SeenPoint): string {
  return (point.start.info['requests'] as { path: string }).path;
}
