// The supported versions of the package undici, also in bundles: what it sends late must never be signed for,
// or shown in, the trace of another request.
// needs: agent packages
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { type IncomingHttpHeaders, type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { verify } from '../src/trace/signing.js';
import { type Run, type SeenPoint, key, on, projectFolder, run, treeOf } from './scenario.js';
import { freePort } from './services/scratch.js';
import { sameAs, writeApp } from './versions/app.js';
import { installed, isForThisNode, lockedVersion } from './versions/installed.js';
import { undiciRows } from './versions/matrix.js';

const esbuild = 'esbuild@0.25.12';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that keeps what it was asked; also by itself as a proxy. */
async function listen(t: TestContext): Promise<{ args: readonly string[]; seen: Seen[] }> {
  const seen: Seen[] = [];
  const keep = ({ method, url, headers }: IncomingMessage) =>
    seen.push({ method: method!, url: url!, headers });
  const server = createServer((request, response) => {
    const isFirst = !seen.some(({ url }) => url === request.url);
    keep(request);
    const url = request.url!;
    if (/redirection/.test(url) && !url.startsWith('/to/'))
      response.writeHead(302, { location: `/to${url}` });
    else if (/by-retry/.test(url) && isFirst) response.writeHead(503);
    response.write('answer');
    // A packet of its own, for which nobody waits where the request was made.
    request.resume().on('end', () => setTimeout(() => response.end(` to ${url}`), 2));
  });
  server.on('upgrade', (request, socket) => {
    keep(request);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  server.on('connect', (request, socket) => {
    keep(request);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    server.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const refusing = String(await freePort());
  return { args: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, refusing], seen };
}

for (const { packages, because } of undiciRows) {
  const version = packages['undici']!;
  const isNewest = version === lockedVersion('undici');
  // Undici is seen by channels, however it is loaded.
  for (const kind of ['cjs', ...(isNewest ? ['mjs'] : []), 'minified bundle']) {
    test(`undici ${version}, ${kind}: each request is signed for its own caller's point, or is none (${because})`, async (t) => {
      const modules = installed(`undici@${version}`);
      if (!isForThisNode(modules, 'undici')) {
        t.skip(`undici ${version} says that it is not for Node ${process.versions.node}`);
        return;
      }
      const isBundle = kind === 'minified bundle';
      const app = writeApp(t, modules, kind === 'mjs' ? kind : 'cjs', 'undici.cjs', { undici: 'undici' });
      const file = isBundle ? bundled(app) : app;
      const { args, seen } = await listen(t);
      const bare = await run(t, file, { load: 'none', args });
      const plain = seen.splice(0);
      const traced = await run(t, file, { env: { ...on, OSTRACE_PROFILE: key }, args });
      sameAs(bare, traced);
      assert.deepEqual(requests(seen), requests(plain), 'what the server was asked, but for the two headers');
      check(traced, seen, isBundle);
    });
  }
}

/** The app and its undici in one file, in which the names of functions are gone. */
function bundled(app: string): string {
  const program = join(installed(esbuild), 'node_modules/.bin/esbuild');
  const file = join(dirname(app), 'bundle.cjs');
  const api = join(projectFolder, 'dist/src/index.js');
  const flags = ['--bundle', '--minify', '--platform=node', '--log-level=error', `--alias:ostrace=${api}`];
  execFileSync(program, [app, ...flags, `--outfile=${file}`]);
  return file;
}

function requests(seen: readonly Seen[]): unknown {
  return seen
    .filter(({ url }) => url !== '/aborted')
    .map(
      ({
        method,
        url,
        headers: { 'x-trace-info': _info, 'x-trace-hmac': _hmac, 'x-trace-time': _time, ...headers },
      }) => JSON.stringify([url, method, headers]),
    )
    .toSorted();
}

const requestOf = ({ start }: SeenPoint) => start.info['requests'] as { method: string; path: string };

function check(traced: Run, seen: readonly Seen[], isBundle: boolean): void {
  const [root] = treeOf(traced.events);
  const known = new Map<string, SeenPoint>();
  const missing: string[] = [];
  for (const way of root!.children) {
    const path = `/${way.name.replaceAll(/\W+/g, '-')}`;
    const heard = way.children.filter(({ name }) => name !== 'http');
    const asked = way.children.filter(({ name }) => name === 'http');
    const own = asked.filter((point) => requestOf(point).method !== 'CONNECT' || path === '/connect');
    for (const { name } of heard) assert.equal(name, `heard by ${path.replaceAll('-', '_')}`);
    // The last answer to these is heard where nobody is, as it was asked for late, or thrown away.
    const isOther = /-by-(?:retry|redirection|dump)/.test(path);
    if (own.length > 0 && !isOther) {
      assert.equal(heard.length > 0, /listeners|stream/.test(path), `heard by ${path}`);
    }
    for (const point of own) {
      assert.equal(
        requestOf(point).path.replace(/^(?:http:\/\/[^/]+)?(?:\/to(?=\/))?/, ''),
        path,
        `in the trace of ${path}`,
      );
      known.set(point.start.trace_id, point);
    }
    assert.ok(
      way.children.every(({ stop }) => stop !== undefined),
      `unfinished: ${path}`,
    );
    if (own.length === 0) missing.push(way.name);
  }
  const signed = seen.flatMap(({ url, headers }) => {
    const told = verify(headers['x-trace-info'], headers['x-trace-hmac'], [key]);
    return told === undefined ? [] : [{ url, parent_id: told.parent_id }];
  });
  for (const { url, parent_id } of signed) {
    assert.equal(known.has(parent_id) && requestOf(known.get(parent_id)!).path, url, 'the sender’s point');
  }
  // Neither signed nor recorded: what undici sends late, where nothing tells who asked.
  const isRemembered = /^(?:request|stream|pipeline)\b.* by (?:pool|agent|client|wide pool|proxy)\b|^global /;
  for (const name of missing) {
    assert.ok(isBundle ? !isRemembered.test(name) : /at once/.test(name) && !isRemembered.test(name), name);
  }
  const unsigned = [...known.values()].filter(
    (point) => !signed.some(({ parent_id }) => parent_id === point.start.trace_id),
  );
  assert.deepEqual(
    unsigned.map((point) => requestOf(point).path).filter((path) => !neverSigned.has(path)),
    [],
    'recorded without being signed',
  );
}

/** Signed by AWS, a tunnel to wherever, and what no server gets. */
const neverSigned = new Set(['/aws', '/connect', '/refused', '/refused-fetch', '/aborted']);
