// How old the headers may be that trigger a trace: OSTRACE_HMAC_MAX_AGE.
// needs: agent
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { infoHeader, timeHeader, traceHeaders, verifyHeaders } from '../src/trace/headers.js';
import { newId } from '../src/trace/ids.js';
import { hmacOf } from '../src/trace/hmac.js';
import { key, on, run, scenario } from './scenario.js';

const now = (): number => Math.floor(Date.now() / 1000);

function signed(): Record<string, string> {
  const id = newId();
  return traceHeaders({ base_id: id, parent_id: id, hmac_key: key });
}

/** As OSProfiler signs. */
function untimed(): Record<string, string> {
  const { [timeHeader]: _time, ...headers } = signed();
  return headers;
}

/** Headers that say, rightly signed, that they were made at a time. */
function signedAt(seconds: number, hmac_key = key): Record<string, string> {
  const headers = untimed();
  return { ...headers, [timeHeader]: `${seconds}.${hmacOf(`${seconds}.${headers[infoHeader]}`, hmac_key)}` };
}

const headers: Readonly<Record<string, readonly [Record<string, string>, triggers: boolean]>> = {
  fresh: [signed(), true],
  'half a minute old': [signedAt(now() - 30), true],
  'of a clock that is half a minute ahead': [signedAt(now() + 30), true],
  'two minutes old': [signedAt(now() - 120), false],
  'of a clock that is two minutes ahead': [signedAt(now() + 120), false],
  'without a time, as OSProfiler sends them': [untimed(), false],
  'with a time that another key signed': [signedAt(now(), 'another key'), false],
  'with the time of other headers': [{ ...signed(), [timeHeader]: signed()[timeHeader]! }, false],
  'with a time that is not signed': [{ ...signed(), [timeHeader]: String(now()) }, false],
  'with a time that is none': [{ ...signed(), [timeHeader]: `9e99.${'a'.repeat(40)}` }, false],
};

async function triggered(
  t: Parameters<typeof run>[0],
  env: Readonly<Record<string, string>>,
  sent: readonly Record<string, string>[],
): Promise<{ ids: Set<string>; stderr: string }> {
  const { events, stderr } = await run(t, scenario('idle-server.cjs'), {
    env: { ...on, ...env },
    onReady: async (port) => {
      for (const each of sent) await fetch(`http://127.0.0.1:${port}/x`, { headers: each });
      await fetch(`http://127.0.0.1:${port}/end`);
    },
  });
  return { ids: new Set(events.map(({ base_id }) => base_id)), stderr };
}

const idOf = (each: Record<string, string>): string =>
  verifyHeaders(
    Object.fromEntries(Object.entries(each).map(([name, value]) => [name.toLowerCase(), value])),
    [key],
    undefined,
  )!.base_id;

test('with OSTRACE_HMAC_MAX_AGE, only headers that prove to be fresh trigger a trace', async (t) => {
  const sent = Object.values(headers).map(([each]) => each);
  const { ids, stderr } = await triggered(t, { OSTRACE_HMAC_MAX_AGE: '60' }, sent);
  assert.equal(stderr, '');
  for (const [what, [each, triggers]] of Object.entries(headers)) {
    assert.equal(ids.has(idOf(each)), triggers, `headers ${what}`);
  }
});

test('without OSTRACE_HMAC_MAX_AGE the time does not matter', async (t) => {
  const sent = Object.values(headers).map(([each]) => each);
  const { ids } = await triggered(t, {}, sent);
  assert.deepEqual(ids, new Set(sent.map(idOf)));
});

for (const value of ['5m', '0', '-1', '1.5']) {
  test(`OSTRACE_HMAC_MAX_AGE=${value} is one clear line, and no header triggers a trace`, async (t) => {
    const { ids, stderr } = await triggered(t, { OSTRACE_HMAC_MAX_AGE: value }, [signed(), untimed()]);
    assert.deepEqual(ids, new Set());
    assert.match(
      stderr,
      /^ostrace: OSTRACE_HMAC_MAX_AGE is "[^\n]*"; expected a whole number of seconds[^\n]*\n$/,
    );
  });
}

// A chain where only the last service asks for fresh headers was cut there, silently: nobody before it knows.
for (const first of [undefined, '60']) {
  test(`a service always says when it signed, so that any next one may have OSTRACE_HMAC_MAX_AGE (its own: ${first})`, async (t) => {
    const asked: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers);
      response.end();
    }).listen(0, '127.0.0.1');
    const http2 = createHttp2Server((request, response) => {
      asked.push(request.headers);
      response.end();
    }).listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(http2, 'listening')]);
    t.after(() => {
      server.close();
      http2.close();
    });
    const portOf = (each: { address(): unknown }): number => (each.address() as AddressInfo).port;
    const url = `http://127.0.0.1:${portOf(server)}/`;
    const code = `
      const { profiler } = require('ostrace');
      const http = require('node:http');
      const session = require('node:http2').connect('http://127.0.0.1:${portOf(http2)}');
      http.get('${url}', (response) => response.resume().on('end', async () => {
        await fetch('${url}');
        await fetch('${url}', { headers: profiler.traceHeaders() });
        const written = http.request('${url}', { headers: ['Host', 'x'], method: 'GET' });
        written.end();
        await new Promise((done) => written.on('response', (r) => r.resume().on('end', done)));
        await new Promise((done) => session.request({ ':path': '/' }).resume().on('close', done));
        session.close();
      }));`;
    const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_HMAC_MAX_AGE: first };
    await run(t, '-e', { args: [code], env });
    assert.equal(asked.length, 5);
    for (const each of asked) assert.notEqual(verifyHeaders(each, [key], 60), undefined);
  });
}
