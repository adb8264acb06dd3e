// A status is recorded only where a client was sent it.
// needs: agent
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect as connect2, constants } from 'node:http2';
import { connect } from 'node:net';
import { test } from 'node:test';

import type { Info } from '../src/trace/event.js';
import { type Run, on, run, scenario, signedHeaders, treeOf } from './scenario.js';

const file = scenario('unsent.cjs');
const broken = { etype: 'Aborted', message: 'the connection was closed before the response was complete' };
const nothing = broken;
const head = { ...broken, response: { status_code: 201 } };
const all = { response: { status_code: 201 } };

/** Each path of the scenario, and what the stop of its request says. */
const http1: Readonly<Record<string, Info>> = {
  '/never': nothing,
  '/hints': nothing,
  '/continue': nothing,
  '/processing': nothing,
  '/head-not-flushed': nothing,
  '/status-set': nothing,
  '/destroyed': nothing,
  '/destroyed-by-error': nothing,
  '/socket-destroyed': nothing,
  '/ended-after-destroy': nothing,
  '/written-to-closed-socket': nothing,
  '/bytes-to-closed-socket': nothing,
  '/request-destroyed': nothing,
  '/head-flushed': head,
  '/status-changed': head,
  '/hints-then-head': head,
  '/large': head,
  '/complete': all,
  '/complete-with-hints': all,
  '/complete-status-changed': all,
};
const http2: Readonly<Record<string, Info>> = {
  '/never': nothing,
  '/hints': nothing,
  '/closed': nothing,
  '/destroyed': nothing,
  '/session-destroyed': nothing,
  '/head': head,
  '/hints-then-head': head,
  '/large': head,
  '/complete': all,
};
const upgrades: Readonly<Record<string, Info>> = {
  '/never': nothing,
  '/other': nothing,
  '/hints': nothing,
  '/closed': nothing,
  '/hints-then-answer': { response: { status_code: 101 } },
  '/in-one': { response: { status_code: 403 } },
  '/in-parts': { response: { status_code: 101 } },
};

const requestLines = (path: string, more: Readonly<Record<string, string>>): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: x',
    ...Object.entries(more).map(([name, value]) => `${name}: ${value}`),
  ].join('\r\n') + '\r\n\r\n';

/** Waits until something has come to pass, for as long as a busy machine may take. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, 'it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Waits until the scenario has answered a path as it does. */
function asked(child: ChildProcess): (path: string) => Promise<void> {
  let seen = '';
  child.stdout!.on('data', (text: string) => (seen += text));
  return (path) => until(() => seen.includes(`${path}\n`));
}

/** Sends a request by hand; leaves when the server has done what it does. */
async function ask(port: string, text: string, seen: () => Promise<void>): Promise<void> {
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
  const closed = once(socket, 'close');
  // The beginning of a large answer is enough.
  socket.once('data', () => socket.pause());
  socket.write(text);
  await seen();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50))]);
  socket.destroy();
  await closed;
}

function stopsOf({ events }: Run): Record<string, Info> {
  return Object.fromEntries(
    treeOf(events).map(({ start, stop }) => {
      const { host: _host, ...info } = stop?.info ?? { host: '', etype: 'no stop' };
      return [(start.info['request'] as { path: string }).path, info];
    }),
  );
}

test('HTTP/1: a status is recorded only where its head was sent', async (t) => {
  const seen = await run(t, file, {
    env: on,
    onReady: async (ports, child) => {
      const [port = ''] = ports.split(' ');
      const wasAsked = asked(child);
      for (const path of Object.keys(http1)) {
        await ask(port, requestLines(path, signedHeaders().headers), () => wasAsked(path));
      }
      await fetch(`http://127.0.0.1:${port}/end`).then((response) => response.text());
    },
  });
  assert.deepEqual([seen.stderr, seen.code], ['', 0]);
  assert.deepEqual(stopsOf(seen), http1);
});

test('HTTP/1: of requests that wait behind another one, nothing was sent', async (t) => {
  for (const first of ['/never', '/hints', '/head-flushed', '/large']) {
    const seen = await run(t, file, {
      env: on,
      onReady: async (ports, child) => {
        const [port = ''] = ports.split(' ');
        const wasAsked = asked(child);
        const waiting = ['/complete', '/head-flushed', '/written-to-closed-socket'].filter(
          (path) => path !== first,
        );
        const sent = [first, ...waiting].map((path) => requestLines(path, signedHeaders().headers));
        await ask(port, sent.join(''), () => wasAsked(waiting.at(-1)!));
        await fetch(`http://127.0.0.1:${port}/end`).then((response) => response.text());
      },
    });
    assert.deepEqual([seen.stderr, seen.code], ['', 0]);
    const { [first]: its, ...others } = stopsOf(seen);
    assert.deepEqual(its, http1[first], first);
    for (const [path, stop] of Object.entries(others))
      assert.deepEqual(stop, nothing, `${path} behind ${first}`);
  }
});

test('HTTP/1: what was sent before on the connection is no head of what follows', async (t) => {
  const paths = ['/complete', '/complete-with-hints', '/written-to-closed-socket'];
  const seen = await run(t, file, {
    env: on,
    onReady: async (ports, child) => {
      const [port = ''] = ports.split(' ');
      const wasAsked = asked(child);
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      const closed = once(socket, 'close');
      let received = '';
      socket.on('data', (data) => (received += String(data)));
      for (const [i, path] of paths.entries()) {
        socket.write(requestLines(path, signedHeaders().headers));
        await wasAsked(path);
        const isLast = i === paths.length - 1;
        await until(() => isLast || received.split('all\r\n').length > i + 1);
      }
      await closed;
      await fetch(`http://127.0.0.1:${port}/end`).then((response) => response.text());
    },
  });
  assert.deepEqual(stopsOf(seen), Object.fromEntries(paths.map((path) => [path, http1[path]])));
});

test('HTTP/2: a status is recorded only where its headers were sent', async (t) => {
  const seen = await run(t, file, {
    env: on,
    onReady: async (ports, child) => {
      const [port = '', port2 = ''] = ports.split(' ');
      const wasAsked = asked(child);
      for (const path of Object.keys(http2)) {
        const session = connect2(`http://127.0.0.1:${port2}`).on('error', () => {});
        const stream = session.request({ ':path': path, ...signedHeaders().headers }).on('error', () => {});
        const closed = once(stream, 'close');
        stream.once('data', () => path === '/large' && stream.close(constants.NGHTTP2_CANCEL));
        await wasAsked(path);
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50))]);
        stream.close(constants.NGHTTP2_CANCEL);
        await closed;
        session.destroy();
      }
      await fetch(`http://127.0.0.1:${port}/end`).then((response) => response.text());
    },
  });
  assert.deepEqual([seen.stderr, seen.code], ['', 0]);
  assert.deepEqual(stopsOf(seen), http2);
});

test('upgrades: a status is recorded only where it was sent, and is the last one', async (t) => {
  const seen = await run(t, file, {
    env: on,
    onReady: async (ports, child) => {
      const [port = ''] = ports.split(' ');
      const wasAsked = asked(child);
      for (const path of Object.keys(upgrades)) {
        const headers = { Connection: 'Upgrade', Upgrade: 'x', ...signedHeaders().headers };
        await ask(port, requestLines(path, headers), () => wasAsked(path));
      }
      await fetch(`http://127.0.0.1:${port}/end`).then((response) => response.text());
    },
  });
  assert.deepEqual([seen.stderr, seen.code], ['', 0]);
  assert.deepEqual(stopsOf(seen), upgrades);
});
