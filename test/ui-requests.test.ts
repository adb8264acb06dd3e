// Signed requests of `ostrace ui`: what is sent, to whom, and what nobody gets to see.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';

import type { Preview, Problem, Sent } from '../src/report/page/list-types.js';
import { verifyHeaders } from '../src/trace/headers.js';
import { newId } from '../src/trace/ids.js';
import { store } from './fixtures/command.js';
import { patiently } from './fixtures/patiently.js';
import { type Ui, startUi } from './fixtures/ui.js';

const key = 'the-key-that-nobody-sees';

interface Received {
  readonly request: IncomingMessage;
  readonly body: string;
}

interface Target {
  readonly port: number;
  readonly received: Received[];
}

async function target(
  t: TestContext,
  answer: RequestListener = (_, response) => response.end('ok'),
): Promise<Target> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void request
      .setEncoding('utf8')
      .toArray()
      .then((chunks) => {
        received.push({ request, body: chunks.join('') });
        answer(request, response);
      });
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, received };
}

async function ui(
  t: TestContext,
  args: readonly string[] = [],
  env = { OSTRACE_HMAC_KEYS: key },
): Promise<Ui> {
  const { connection } = store(t);
  return startUi(t, ['--connection-string', connection, ...args], env);
}

const outcome = (from: Ui, { base_id }: Sent): Promise<Sent> =>
  patiently(
    () => from.json<Sent>(`/api/requests/${base_id}`),
    ({ state }) => state !== 'waiting',
  );

test('a pasted command is sent as it is, signed, and its outcome is told', async (t) => {
  const { port, received } = await target(t, (_, response) => response.writeHead(201).end('made'));
  const page = await ui(t);
  const command = `curl 'http://localhost:${port}/orders?x=1' -X PUT -H 'content-type: application/json' -H 'Content-Length: 9' -H 'X-Trace-Info: forged' -H 'connection: close' -b 'sid=secret-cookie' -u 'ann:secret-word' --data-raw '{"a":"ä"}'`;
  const { data: preview } = await page.post<Preview>('/api/requests/preview', { command });
  assert.deepEqual(preview, {
    method: 'PUT',
    url: `http://localhost:${port}/orders?x=1`,
    host: `localhost:${port}`,
    headerNames: ['content-type', 'Cookie'],
    bodyBytes: 10,
    hasCredentials: true,
  });
  assert.equal(received.length, 0);

  const { status, data: sent } = await page.post<Sent>('/api/requests', { command });
  assert.deepEqual([status, sent.state], [202, 'waiting']);
  const answered = await outcome(page, sent);
  assert.deepEqual([answered.state, answered.status], ['answered', 201]);
  assert.ok(answered.duration! > 0);
  const [{ request, body }] = received as [Received];
  assert.deepEqual([request.method, request.url, body], ['PUT', '/orders?x=1', '{"a":"ä"}']);
  assert.equal(request.headers.cookie, 'sid=secret-cookie');
  assert.equal(request.headers.authorization, `Basic ${Buffer.from('ann:secret-word').toString('base64')}`);
  assert.equal(request.headers['content-length'], '10');
  const signed = verifyHeaders(request.headers, [key], 60);
  assert.equal(signed?.base_id, sent.base_id);
});

test('the key reaches no answer, and no secret of a command any output', async (t) => {
  const { port } = await target(t);
  const page = await ui(t);
  const command = `curl 'http://ann:secret-word@localhost:${port}/' -b 'sid=secret-cookie' -H 'authorization: Bearer secret-token'`;
  const answers: unknown[] = [(await page.post('/api/requests/preview', { command })).data];
  const { data: sent } = await page.post<Sent>('/api/requests', { command });
  answers.push(sent, await outcome(page, sent));
  const failing = await page.post<Sent>('/api/requests', { command: command.replace(String(port), '1') });
  answers.push(await outcome(page, failing.data));
  for (const path of ['/', '/api/about', '/api/traces', '/api/newest'])
    answers.push((await page.ask(path)).text);
  answers.push((await page.post('/api/requests/preview', { command: `${command} | x` })).data);
  const all = JSON.stringify(answers) + page.printed();
  for (const secret of [key, 'secret-word', 'secret-cookie', 'secret-token']) {
    assert.ok(!all.includes(secret), secret);
  }
  assert.match(all, /no response from http:\/\/localhost:1\/: /);
});

test('only this machine gets signed requests, or only the hosts that were named', async (t) => {
  const { port, received } = await target(t);
  const page = await ui(t);
  const refusalOf = async (from: Ui, command: string): Promise<string | undefined> => {
    const { data } = await from.post<Preview>('/api/requests/preview', { command });
    if (data.refusal === undefined) return undefined;
    const { status, data: problem } = await from.post<Problem>('/api/requests', { command });
    assert.deepEqual([status, problem.error], [403, data.refusal]);
    return data.refusal;
  };
  for (const host of [
    'shop.example',
    '10.0.0.1',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '0.0.0.0',
    '[::2]',
    '169.254.169.254',
  ]) {
    assert.match(
      (await refusalOf(page, `http://${host}:${port}/`)) ?? '',
      /go to this machine only; to allow this host, start ostrace ui with --to /,
      host,
    );
  }
  // Numbers are addresses in other clothes.
  for (const host of ['127.0.0.1', '127.1', '2130706433', 'localhost', 'app.localhost', '[::1]']) {
    assert.equal(await refusalOf(page, `http://${host}:${port}/`), undefined, host);
  }
  // A header names the host, too: proxies go by it.
  const withHost = (host: string): string => `curl http://127.0.0.1:${port}/ -H 'host: ${host}'`;
  assert.match((await refusalOf(page, withHost('shop.example'))) ?? '', /with --to shop\.example:80$/);
  assert.match((await refusalOf(page, `${withHost('localhost')} -H 'HOST : x.example'`)) ?? '', /x\.example/);
  assert.equal(await refusalOf(page, withHost(`app.localhost:${port}`)), undefined);
  assert.equal(received.length, 0);

  const named = await ui(t, ['--to', 'shop.example', '--to', `127.0.0.1:${port}`]);
  assert.equal(await refusalOf(named, 'https://shop.example:8443/'), undefined);
  assert.equal(await refusalOf(named, `http://127.0.0.1:${port}/`), undefined);
  assert.match(
    (await refusalOf(named, `http://127.0.0.1:${port + 1}/`)) ?? '',
    /go to shop\.example, 127\.0\.0\.1:\d+ only/,
  );
  assert.match((await refusalOf(named, `http://localhost:${port}/`)) ?? '', /only/);
  assert.equal(await refusalOf(named, withHost('shop.example')), undefined);
  assert.match((await refusalOf(named, withHost('other.example'))) ?? '', /only/);
});

test('a redirect is told, and not followed', async (t) => {
  const other = await target(t);
  const { port, received } = await target(t, (_, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${other.port}/there` }).end(),
  );
  const page = await ui(t);
  const { data } = await page.post<Sent>('/api/requests', { command: `curl -L http://localhost:${port}/` });
  const { status, redirect } = await outcome(page, data);
  assert.deepEqual([status, redirect], [302, `http://127.0.0.1:${other.port}/there`]);
  assert.deepEqual([received.length, other.received.length], [1, 0]);
});

test('without a key nothing is sent, and the page says how to give one', async (t) => {
  const { port, received } = await target(t);
  const page = await ui(t, [], { OSTRACE_HMAC_KEYS: '' });
  const { data } = await page.post<Preview>('/api/requests/preview', {
    command: `http://localhost:${port}/`,
  });
  assert.match(data.refusal!, /there is no key to sign with; give one .*--profile KEY/);
  assert.equal((await page.post('/api/requests', { command: `http://localhost:${port}/` })).status, 403);
  assert.equal(received.length, 0);
});

test('what cannot be sent is refused before it is sent, with what to do', async (t) => {
  const page = await ui(t);
  const cases: readonly (readonly [unknown, number, RegExp])[] = [
    [undefined, 400, /expected \{"command"/],
    [42, 400, /expected \{"command"/],
    ['', 422, /there is no command/],
    ['curl http://localhost/ -d @/etc/passwd', 422, /names a file/],
    ['curl ftp://localhost/', 422, /the URL of the command is not an http or https URL/],
    ['curl file:///etc/passwd', 422, /the URL of the command is not an http or https URL/],
    [String.raw`curl http://localhost/ -H $'a: b\r\nc: d'`, 422, /Name: value/],
    ['curl http://localhost/ -X "G T"', 422, /expected a method/],
    ['curl http://localhost/ -H "Host: a b"', 422, /Host header of the command names no host/],
    ['curl http://localhost/ -H "Host: a:99999"', 422, /Host header of the command names no host/],
    ['curl http://localhost/ -u ann', 422, /USER:PASSWORD/],
  ];
  for (const [command, expected, message] of cases) {
    const { status, data } = await page.post<Problem>('/api/requests', { command });
    assert.equal(status, expected, String(command));
    assert.match(data.error, message);
  }
  assert.equal((await page.ask(`/api/requests/${newId()}`)).status, 404);
});

test('a request that waits for its response holds neither the page nor the command', async (t) => {
  const { port, received } = await target(t, () => {});
  const page = await ui(t);
  const { data } = await page.post<Sent>('/api/requests', { command: `http://localhost:${port}/` });
  await patiently(
    () => received.length,
    (count) => count === 1,
  );
  assert.equal((await page.json<Sent>(`/api/requests/${data.base_id}`)).state, 'waiting');
  for (let i = 0; i < 19; i++) await page.post('/api/requests', { command: `http://localhost:${port}/` });
  const { status } = await page.post('/api/requests', { command: `http://localhost:${port}/` });
  assert.equal(status, 429);
  const startedAt = Date.now();
  page.child.kill('SIGINT');
  assert.deepEqual(await once(page.child, 'exit'), [0, null]);
  assert.ok(Date.now() - startedAt < 3000);
});
