// What a caller gave up on purpose is cancelled and no failure; all other early ends are failures.
// needs: agent
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';

import { countErrors } from '../src/report/errors.js';
import { buildTree } from '../src/report/tree.js';
import { key, on, run, scenario, treeOf } from './scenario.js';

const large = Buffer.alloc(20 * 1024 * 1024);
const hints = { link: '</style.css>; rel=preload' };

/** Servers outside of the trace: what their clients record is asked here. */
async function listen(t: TestContext): Promise<string[]> {
  const http1 = createServer(({ url, socket }, response) => {
    if (url!.startsWith('/hints')) response.writeEarlyHints(hints);
    if (url === '/hints') setTimeout(() => response.writeHead(201).end('all'), 10);
    else if (url === '/hints-hang-up') setTimeout(() => socket.destroy(), 10);
    else if (url === '/hang-up') socket.destroy();
    else if (url === '/hang-up-later')
      response.writeHead(201).write('some', () => setTimeout(() => socket.destroy(), 10));
    else if (url === '/reset')
      response.writeHead(201).write('some', () => setTimeout(() => socket.resetAndDestroy(), 10));
    else if (url === '/drip') response.writeHead(201).write('some');
    else if (url !== '/never') response.writeHead(url === '/large' ? 201 : 503).end(large);
  });
  http1.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  const http2 = createServer2();
  http2.on('session', (session) => session.on('error', () => {}));
  http2.on('stream', (stream, { ':path': path }) => {
    stream.on('error', () => {});
    if (path?.startsWith('/hints') === true) stream.additionalHeaders({ ':status': 103 });
    if (path === '/cancel' || path === '/hints-cancel') setTimeout(() => stream.close(8), 10);
    else if (path === '/empty') stream.respond({ ':status': 204 }, { endStream: true });
    else if (path !== '/never') stream.respond({ ':status': 201 });
    if (path === '/hang-up-later')
      stream.write('some', () => setTimeout(() => stream.session?.destroy(), 10));
    else if (path === '/hints') stream.end('all');
    else if (path === '/large') stream.end(large);
  });
  const servers: Server[] = [http1, http2];
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const server of servers) server.close();
    http1.closeAllConnections();
  });
  return servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** The status and the error of a point. */
type End = readonly [status: number | undefined, etype: string | undefined];

const failed: Readonly<Record<string, End>> = {
  'http: timeout option': [undefined, 'ECONNRESET'],
  'http: timeout while reading': [201, 'Aborted'],
  'http: timeout signal': [undefined, 'AbortError'],
  'http: destroyed with an error': [undefined, 'RangeError'],
  'http: server hangs up': [undefined, 'ECONNRESET'],
  'http: server hangs up later': [201, 'Aborted'],
  'http: server resets': [201, 'Aborted'],
  'http: hints_ then nothing': [undefined, 'ECONNRESET'],
  'http2: timeout signal': [undefined, 'AbortError'],
  'http2: server cancels': [undefined, 'Aborted'],
  'http2: server hangs up later': [201, 'Aborted'],
  'http2: hints_ then nothing': [undefined, 'Aborted'],
  'fetch: timeout signal': [undefined, 'TimeoutError'],
  'fetch: server hangs up': [undefined, 'SocketError'],
  'fetch: server hangs up later': [201, 'SocketError'],
  'fetch: hints_ then nothing': [undefined, 'SocketError'],
  'undici: timeout of the body': [201, 'BodyTimeoutError'],
  'undici: timeout of the head': [undefined, 'HeadersTimeoutError'],
  'undici: handler throws': [201, 'RangeError'],
};
const complete: Readonly<Record<string, number>> = {
  'http: hints_ then all': 201,
  'http: upgrade': 101,
  'http2: hints_ then all': 201,
  'http2: no body': 204,
  'http2: closed after all': 201,
  'fetch: hints_ then all': 201,
  'undici: hints_ then all': 201,
  'undici: streamed': 201,
};

for (const file of ['cancelling.cjs', 'cancelling.mjs']) {
  test(`${file}: what is given up on purpose is cancelled, what ends early else is failed`, async (t) => {
    const args = await listen(t);
    const { events, stdout, stderr, code } = await run(t, scenario(file), {
      env: { ...on, OSTRACE_PROFILE: key },
      args,
    });
    assert.deepEqual([stdout, stderr, code], ['done\n', '', 0]);
    const [root] = treeOf(events);
    assert.ok(root!.children.length > 60, `${root!.children.length} ways`);
    for (const { name, children } of root!.children) {
      assert.deepEqual(
        children.map((child) => child.name),
        ['http'],
        name,
      );
      const { requests, etype, cancelled } = children[0]!.stop!.info;
      const status = (requests as { status_code?: number } | undefined)?.status_code;
      const isWithStatus = /reading|response|bad|await|body|dumped|reader|fetch: cancelled/.test(name);
      const expected =
        name in failed
          ? [...failed[name]!, undefined]
          : name in complete
            ? [complete[name], undefined, undefined]
            : [name.includes('bad') ? 503 : isWithStatus ? 201 : undefined, undefined, true];
      assert.deepEqual([status, etype, cancelled], expected, name);
    }
    // A bad answer is one, whether or not its body was read.
    const bad = root!.children.filter(({ name }) => name.includes('bad')).length;
    assert.equal(countErrors(buildTree(events)), Object.keys(failed).length + bad);
  });
}

/** Each way to end a command or a thread, and whether its caller wanted it. */
const endings: Readonly<Record<string, { isGivenUp: boolean; end: object; etype?: string }>> = {
  'spawn: killed': { isGivenUp: true, end: { signal: 'SIGTERM' } },
  'spawn: killed by a number': { isGivenUp: true, end: { signal: 'SIGKILL' } },
  'spawn: killed_ exits by itself': { isGivenUp: true, end: { exit_code: 3 } },
  'spawn: disposed': { isGivenUp: true, end: { signal: 'SIGTERM' } },
  'spawn: signal': { isGivenUp: true, end: { signal: 'SIGTERM' } },
  'exec: killed': { isGivenUp: true, end: { signal: 'SIGTERM' } },
  'exec: signal': { isGivenUp: true, end: { signal: 'SIGTERM' } },
  'fork: killed': { isGivenUp: true, end: { signal: 'SIGTERM' } },
  'thread: terminated': { isGivenUp: true, end: { exit_code: 1 } },
  'spawn: asked whether it lives': { isGivenUp: false, end: { exit_code: 3 } },
  'spawn: another signal': { isGivenUp: false, end: { exit_code: 3 } },
  'spawn: timeout': { isGivenUp: false, end: { signal: 'SIGTERM' } },
  'spawn: timeout signal': { isGivenUp: false, end: { signal: 'SIGTERM' }, etype: 'AbortError' },
  'spawn: by others': { isGivenUp: false, end: { signal: 'SIGKILL' } },
  'exec: timeout': { isGivenUp: false, end: { signal: 'SIGTERM' } },
  'exec: too much output': { isGivenUp: false, end: { signal: 'SIGTERM' } },
  'execSync: timeout': { isGivenUp: false, end: { signal: 'SIGTERM' }, etype: 'ETIMEDOUT' },
  'thread: exits': { isGivenUp: false, end: { exit_code: 7 } },
  'thread: throws': { isGivenUp: false, end: { exit_code: 1 }, etype: 'RangeError' },
};

for (const file of ['ending.cjs', 'ending.mjs']) {
  test(`${file}: commands and threads that their caller ends are cancelled, those that end else are failed`, async (t) => {
    const { events, stdout, stderr, code } = await run(t, scenario(file), {
      env: { ...on, OSTRACE_PROFILE: key },
    });
    assert.deepEqual([stdout, stderr, code], ['done\n', '', 0]);
    const [root] = treeOf(events);
    assert.deepEqual(
      root!.children.map(({ name }) => name),
      Object.keys(endings).filter((name) => root!.children.some((way) => way.name === name)),
    );
    assert.ok(
      root!.children.length >= Object.keys(endings).length - 1,
      'before Node 20.5 nothing can be disposed',
    );
    for (const { name, children } of root!.children) {
      const { isGivenUp, end, etype } = endings[name]!;
      const { command, thread, cancelled, etype: its } = children[0]!.stop!.info;
      const { pid: _pid, thread_id: _id, ...ended } = (command ?? thread) as Record<string, unknown>;
      assert.deepEqual([ended, its, cancelled === true], [end, etype, isGivenUp], name);
    }
    const failures = Object.values(endings).filter((each) => !each.isGivenUp).length;
    assert.equal(countErrors(buildTree(events)), failures);
  });
}

test('a function of the application’s that ends with what it gave up is cancelled too', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('key');
    const work = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const soon = (reason) => { const controller = new AbortController(); setTimeout(() => controller.abort(reason), 5); return controller.signal; };
    const sleep = require('node:timers/promises').setTimeout;
    const alive = setInterval(() => {}, 1000);
    (async () => {
      await profiler.trace('given up', () => work(soon())).catch(() => {});
      await profiler.trace('given up by Node', () => sleep(1000, null, { signal: soon() })).catch(() => {});
      await profiler.traced('given up')(() => work(soon()))().catch(() => {});
      try { profiler.trace('given up at once', () => AbortSignal.abort().throwIfAborted()); } catch {}
      await profiler.trace('too late', () => work(AbortSignal.timeout(5))).catch(() => {});
      await profiler.trace('too late by Node', () => sleep(1000, null, { signal: AbortSignal.timeout(5) })).catch(() => {});
      await profiler.trace('wrong', () => work(soon(new RangeError('mine')))).catch(() => {});
      profiler.clean();
      clearInterval(alive);
    })();
  `;
  const { events, stderr } = await run(t, '-e', { args: [code], env: on });
  assert.equal(stderr, '');
  const ends = treeOf(events).map(({ name, stop }) => {
    const { cancelled, etype } = stop!.info;
    return [name, cancelled ?? etype];
  });
  assert.deepEqual(ends, [
    ['given up', true],
    ['given up by Node', true],
    ['given up', true],
    ['given up at once', true],
    ['too late', 'TimeoutError'],
    ['too late by Node', 'AbortError'],
    ['wrong', 'RangeError'],
  ]);
});
