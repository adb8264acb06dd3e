// What `ostrace request` and `run` take and tell, beside what test/cli.test.ts asks.
// needs: agent
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { newId } from '../src/trace/ids.js';
import { verify } from '../src/trace/signing.js';
import { type End, isProblem, ostrace, save, store } from './fixtures/command.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { on, run, scratch } from './scenario.js';

const key = 'request-test-key';

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Listening {
  readonly port: number;
  readonly seen: Seen[];
}

/** A server that records what it is asked, and answers by a function. */
async function listen(
  context: TestContext,
  answer: RequestListener,
  create: (listener: RequestListener) => Server = createServer,
): Promise<Listening> {
  const seen: Seen[] = [];
  const server = create((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { url = '', method = '', headers } = request;
      seen.push({ url, method, headers, body });
      answer(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

const request = (...args: string[]): Promise<End> => ostrace(['request', '--profile', key, ...args]);
const isTraced = ({ headers }: Seen): boolean =>
  verify(headers['x-trace-info'], headers['x-trace-hmac'], [key]) !== undefined;

// ---- redirects

/** `/302/b` answers with the status and sends on to `/b`, what `to` holds before that. */
const redirecting =
  (to = ''): RequestListener =>
  ({ url = '' }, response) => {
    const [, status, rest] = /^\/(\d{3})(\/.*)$/.exec(url) ?? [];
    if (status === undefined) response.end('arrived\n');
    else response.writeHead(Number(status), { Location: to + rest! }).end('moved\n');
  };

test('without -L a redirect is the answer, with it the last one is', async (context) => {
  const { port, seen } = await listen(context, redirecting());
  const url = `http://127.0.0.1:${port}/302/301/x`;
  assert.equal((await request(url)).stdout, 'moved\n');
  assert.equal(seen.length, 1);
  const end = await request('-L', url);
  assert.deepEqual([end.code, end.stdout], [0, 'arrived\n']);
  assert.deepEqual(
    seen.slice(1).map((each) => [each.url, isTraced(each)]),
    [
      ['/302/301/x', true],
      ['/301/x', true],
      ['/x', true],
    ],
  );
  assert.match(
    (await request('-L', '-i', url)).stdout,
    /^HTTP\/1\.1 302 [^]*\nHTTP\/1\.1 301 [^]*\nHTTP\/1\.1 200 OK\n/,
  );
});

for (const [status, method, expected] of [
  [301, 'POST', 'GET '],
  [302, 'POST', 'GET '],
  [303, 'POST', 'GET '],
  [303, 'PUT', 'GET '],
  [301, 'PUT', 'PUT body'],
  [307, 'POST', 'POST body'],
  [308, 'POST', 'POST body'],
] as const) {
  test(`a ${status} makes ${expected} of ${method}, as with curl`, async (context) => {
    const { port, seen } = await listen(context, redirecting());
    await request('-L', '-X', method, '-d', 'body', `http://127.0.0.1:${port}/${status}/x`);
    const { method: asked, body, headers } = seen.at(-1)!;
    assert.equal(`${asked} ${body}`, expected);
    assert.equal('content-type' in headers, body !== '');
  });
}

test('another host gets no trace headers, another origin no credentials', async (context) => {
  const other = await listen(context, redirecting());
  const same = await listen(context, redirecting(`http://127.0.0.1:${other.port}`));
  const first = await listen(context, redirecting(`http://localhost:${other.port}`));
  const more = ['-L', '-u', 'me:secret', '-b', 'a=b', '-H', 'X-Own: 1'];
  const end = await request(...more, `http://127.0.0.1:${same.port}/302/x`);
  assert.equal(end.stderr.split('\n').length, 3, end.stderr);
  const there = await request(...more, `http://127.0.0.1:${first.port}/302/x`);
  assert.match(there.stderr, /\nostrace: redirected to localhost, which gets no trace headers/);
  const [kept, left] = other.seen;
  assert.deepEqual([isTraced(kept!), isTraced(left!)], [true, false]);
  for (const { headers } of other.seen) {
    assert.deepEqual([headers['authorization'], headers['x-own']], [undefined, '1']);
  }
  assert.equal(left!.headers['cookie'], undefined);
});

test('a circle of redirects, and one to nothing that is HTTP, are one clear line', async (context) => {
  const { port } = await listen(context, (_, response) => {
    response.writeHead(302, { Location: '/again' }).end();
  });
  const circle = await request('-L', `http://127.0.0.1:${port}/`);
  assert.equal(circle.code, 1);
  assert.match(circle.stderr, /\nostrace: there are more than 50 redirects\n$/);
  const file = await listen(context, redirecting('file:///etc'));
  assert.match(
    (await request('-L', `http://127.0.0.1:${file.port}/302/x`)).stderr,
    /the redirect to file:\/\/ is not/,
  );
});

// ---- credentials, cookies, certificates

test('-u is basic authentication, before what the URL holds', async (context) => {
  const { port, seen } = await listen(context, redirecting());
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  await request('-u', 'me:se:cret', `http://127.0.0.1:${port}/x`);
  await request('-u', 'me:', `http://other:one@127.0.0.1:${port}/x`);
  await request('-L', `http://in:url@127.0.0.1:${port}/302/x`);
  await request('-u', 'me:x', '-H', 'Authorization: Bearer y', `http://127.0.0.1:${port}/x`);
  assert.deepEqual(
    seen.map(({ headers }) => headers['authorization']),
    [basic('me:se:cret'), basic('me:'), basic('in:url'), basic('in:url'), 'Bearer y'],
  );
  const end = await request('-u', 'secret', 'http://127.0.0.1:1/');
  isProblem(end, /-u takes USER:PASSWORD$/m);
});

test('-b sends a text, or what a file has for the host, and with -L what responses set', async (context) => {
  const { port, seen } = await listen(context, ({ url = '' }, response) => {
    if (url === '/login') {
      response.writeHead(302, {
        Location: '/home',
        'Set-Cookie': ['sid=1; Path=/', 'no=1; Path=/other', 'tls=1; Secure', 'far=1; Domain=example.org'],
      });
    }
    response.end();
  });
  const base = `http://127.0.0.1:${port}`;
  const cookies = async (...args: string[]): Promise<unknown[]> => {
    seen.length = 0;
    const { code, stderr } = await request(...args);
    assert.equal(code, 0, stderr);
    return seen.map(({ headers }) => headers['cookie']);
  };
  assert.deepEqual(await cookies('-b', 'a=b; c=d', `${base}/x`), ['a=b; c=d']);
  assert.deepEqual(await cookies('-b', 'a=b', '-H', 'Cookie: e=f', `${base}/x`), ['e=f; a=b']);
  assert.deepEqual(await cookies('-L', '-b', 'a=b', `${base}/login`), ['a=b', 'a=b; sid=1']);
  const file = join(scratch(context), 'cookies');
  const line = (...fields: string[]): string => fields.join('\t');
  writeFileSync(
    file,
    [
      '# Netscape HTTP Cookie File',
      line('127.0.0.1', 'FALSE', '/', 'FALSE', '0', 'session', 'yes'),
      line('#HttpOnly_127.0.0.1', 'FALSE', '/', 'FALSE', '0', 'hidden', 'too'),
      line('127.0.0.1', 'FALSE', '/', 'FALSE', '1', 'over', 'no'),
      line('.example.org', 'TRUE', '/', 'FALSE', '0', 'other', 'no'),
      line('127.0.0.1', 'FALSE', '/y', 'FALSE', '0', 'elsewhere', 'no'),
      'Set-Cookie: header=1; path=/',
    ].join('\n'),
  );
  assert.deepEqual(await cookies('-b', file, `${base}/x`), ['session=yes; hidden=too; header=1']);
  isProblem(
    await request('-b', '/no/such', `${base}/x`),
    /-b takes NAME=VALUE or a file of cookies; cannot read/,
  );
});

test('-k takes any certificate; without it the message names it', async (context) => {
  const folder = scratch(context);
  const [keyFile, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', ...kind, '-keyout', keyFile, '-out', cert], { stdio: 'ignore' });
  const { port, seen } = await listen(context, redirecting(), (listener) =>
    createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(cert) }, listener),
  );
  const url = `https://127.0.0.1:${port}/302/x`;
  const refused = await request(url);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /self-signed certificate.*-k accepts any certificate/);
  assert.equal((await request('-k', '-L', url)).stdout, 'arrived\n');
  assert.deepEqual(seen.map(isTraced), [true, true]);
});

test('another protocol is named in words, not in those of OpenSSL', async (context) => {
  const { port } = await listen(context, redirecting());
  assert.match(
    (await request(`https://127.0.0.1:${port}/`)).stderr,
    /^ostrace: no response from https:\/\/127\.0\.0\.1:\d+\/: the server does not speak TLS there; check the scheme and the port$/m,
  );
  const greeting = createSocketServer((socket) => socket.end('220 smtp.example.org\r\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(greeting, 'listening');
  context.after(() => greeting.close());
  assert.match(
    (await request(`http://127.0.0.1:${(greeting.address() as AddressInfo).port}/`)).stderr,
    /\/: what answers there does not speak HTTP\/1; check the scheme and the port$/m,
  );
  const alerting = createTlsServer().listen(0, '127.0.0.1');
  await once(alerting, 'listening');
  context.after(() => alerting.close());
  assert.match(
    (await request(`https://127.0.0.1:${(alerting.address() as AddressInfo).port}/`)).stderr,
    /\/: the server broke the TLS handshake off: handshake failure$/m,
  );
});

// ---- how long it took

test('--repeat prints the spread and shows the trace of the slowest', async (context) => {
  const { connection } = store(context);
  let slowest = '';
  const { port, seen } = await listen(context, ({ headers }, response) => {
    const { base_id } = verify(headers['x-trace-info'], headers['x-trace-hmac'], [key])!;
    const isSlow = seen.length === 3;
    if (isSlow) slowest = base_id;
    save(connection, eventsOf({ name: 'wsgi', id: '1', trace: base_id, start: 1, stop: 2500 }));
    setTimeout(() => response.writeHead(seen.length === 2 ? 503 : 200).end('body\n'), isSlow ? 300 : 0);
  });
  const url = `http://127.0.0.1:${port}/x`;
  const end = await request('--repeat', '6', '--show', '--connection-string', connection, url);
  assert.deepEqual([end.code, seen.length], [0, 6]);
  const [counts, spread, names, blank, title] = end.stdout.split('\n');
  assert.equal(counts, '6 requests · 200 ×5, 503 ×1');
  assert.match(
    spread!,
    /^min [\d.]+ [mµ]s · p50 [\d.]+ [mµ]s · p90 [\d.]+ m?s · max (?:[3-9]\d\d ms|[\d.]+ s)$/,
  );
  assert.deepEqual([names, blank], [`the slowest is trace ${slowest}`, '']);
  assert.ok(title?.startsWith(`trace ${slowest} · `));
  assert.equal(end.stderr, `trace ${slowest}\n`);
  assert.equal(new Set(seen.map(({ headers }) => headers['x-trace-info'])).size, 6, 'each has its own trace');
  for (const wrong of ['0', '-1', 'x', '1.5']) {
    isProblem(await request(`--repeat=${wrong}`, url), /--repeat is ".*"; expected a whole number from 1/);
  }
});

// ---- waiting for what is promised

interface Late {
  /** What comes after this many milliseconds. */
  readonly ms: number;
  readonly parts: Parameters<typeof eventsOf>[0];
}

/** A service that stores some events at once, and others later. */
async function storing(context: TestContext, connection: string, later: readonly Late[]): Promise<string> {
  const { port } = await listen(context, ({ headers }, response) => {
    const { base_id: trace } = verify(headers['x-trace-info'], headers['x-trace-hmac'], [key])!;
    const requests = { method: 'GET', hostname: 'stock', port: 4000, path: '/stock/7' };
    save(connection, [
      ...eventsOf({
        name: 'wsgi',
        id: 'in',
        trace,
        start: 1,
        stop: 2500,
        startInfo: { request: { method: 'GET', path: '/' } },
      }),
      ...eventsOf({
        name: 'http',
        id: 'out',
        parent: 'in',
        trace,
        start: 100,
        stop: 2000,
        startInfo: { requests },
        stopInfo: { requests: { status_code: 200, signed: true } },
      }),
    ]);
    for (const { ms, parts } of later) {
      setTimeout(() => save(connection, eventsOf({ ...parts, trace })), ms).unref();
    }
    response.end('hello\n');
  });
  return `http://127.0.0.1:${port}/`;
}

const stock = { name: 'wsgi', id: 'stock', parent: 'out', service: 'stock', start: 200 } as const;

test('--show waits for the service that got signed headers, however quiet it is meanwhile', async (context) => {
  const { connection } = store(context);
  const url = await storing(context, connection, [
    { ms: 900, parts: { ...stock } },
    { ms: 1500, parts: { ...stock, start: undefined, stop: 1900 } as never },
  ]);
  const end = await request('--show', '--wait', '20', '--connection-string', connection, url);
  assert.match(end.stdout, /3 points · shop, stock\n/);
  assert.match(end.stdout, /→ 200\n.* stock +│? *└─ HTTP in|→ 200\n.*stock.*HTTP in\n/);
  assert.ok(!end.stderr.includes('stopped waiting'), end.stderr);
});

test('--show waits for the work of a trace, not for counts of what was left out of it', async (context) => {
  const { connection } = store(context);
  const told = { name: 'left_out', parent: 'in', start: 2500, startInfo: { left_out: { late: 1 } } } as const;
  const url = await storing(context, connection, [
    { ms: 1, parts: { ...stock, stop: 1900 } },
    // They come oftener than a trace has to be quiet for, one without its end and one without its parent.
    ...Array.from({ length: 100 }, (_, i) => ({
      ms: 100 + 100 * i,
      parts: { ...told, id: `told${i}`, stop: 2500 },
    })),
    { ms: 20, parts: { ...told, id: 'open' } },
    { ms: 20, parts: { ...told, id: 'lost', parent: 'nowhere', stop: 2500 } },
  ]);
  const end = await request('--show', '--wait', '10', '--connection-string', connection, url);
  assert.match(end.stdout, /3 points · shop, stock\n/);
  assert.match(end.stdout, /later work was not recorded: \d+ call/);
  assert.ok(!end.stderr.includes('stopped waiting'), end.stderr);
});

test('what did not come is marked in the tree, and stderr says that the wait is over, and for what', async (context) => {
  const { connection } = store(context);
  const url = await storing(context, connection, []);
  const end = await request('--show', '--wait', '0.6', '--connection-string', connection, url);
  assert.equal(end.code, 0);
  assert.match(end.stdout, /· 1 call without an answer in the trace · shop\n/);
  assert.match(
    end.stdout,
    /HTTP out {2}GET stock:4000\/stock\/7 → 200 … no answer from this service in the trace\n/,
  );
  assert.match(
    end.stderr,
    /\nostrace: stopped waiting after 0\.6 s; missing: the points of stock:4000, which received signed headers\. --wait waits longer/,
  );
});

test('a trace of which the beginning is missing is waited for, too', async (context) => {
  const { connection } = store(context);
  const { port } = await listen(context, ({ headers }, response) => {
    const { base_id: trace } = verify(headers['x-trace-info'], headers['x-trace-hmac'], [key])!;
    save(connection, eventsOf({ ...stock, trace, stop: 1900 }));
    response.end();
  });
  const args = ['--show', '--wait', '0.5', '--connection-string', connection, `http://127.0.0.1:${port}/`];
  assert.match((await request(...args)).stderr, /missing: the parents of 1 point\./);
});

test("a service under the agent whose neighbour has none: the neighbour's points are missing, and said", async (context) => {
  const { connection } = store(context);
  const deaf = await listen(context, (_, response) => void response.end('x'));
  const code = `
    const server = require('node:http').createServer((request, response) =>
      fetch('http://127.0.0.1:${deaf.port}/deaf').then((answer) => answer.text()).then((text) => response.end(text)));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    process.on('SIGTERM', () => { server.close(); server.closeAllConnections(); });`;
  let end: End | undefined;
  await run(context, '-e', {
    args: [code],
    env: { ...on, OSTRACE_HMAC_KEYS: key, OSTRACE_CONNECTION_STRING: connection },
    onReady: async (port, child) => {
      end = await request(
        '--show',
        '--wait',
        '5',
        '--connection-string',
        connection,
        `http://127.0.0.1:${port}/x`,
      );
      child.kill();
    },
  });
  assert.equal(deaf.seen.length, 1);
  assert.match(
    end!.stdout,
    /GET 127\.0\.0\.1:\d+\/deaf → 200(?: · waited [^\n…]+)? … no answer from this service in the trace\n/,
  );
  assert.match(end!.stderr, /stopped waiting after 5 s; missing: the points of 127\.0\.0\.1:\d+/);
});

test('--unfold gives each point its line, and so does --all', async (context) => {
  const { connection } = store(context);
  const trace = newId();
  save(connection, eventsOf({ name: 'wsgi', id: 'root', trace, start: 0, stop: 9000 }));
  for (let i = 0; i < 100; i++) {
    save(connection, eventsOf({ name: 'task', id: `${i}`, parent: 'root', trace, start: i, stop: i + 5 }));
  }
  const show = async (...args: string[]): Promise<number> =>
    (
      await ostrace(['trace', 'show', trace, '--no-findings', '--connection-string', connection, ...args])
    ).stdout.split('\n').length;
  assert.deepEqual([await show(), await show('--unfold'), await show('--all')], [7, 106, 106]);
});

// ---- several stores

test('commands read the first store that can be read, and say which could not', async (context) => {
  const { connection } = store(context, shopTrace());
  const down = 'redis://127.0.0.1:1/0';
  const all = `otlp://127.0.0.1:1,${down},${connection}`;
  const env = { OSTRACE_CONNECTION_STRING: all };
  for (const args of [
    ['list'],
    ['show', 'last'],
    ['show', '7253ca8c'],
    ['show', '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4'],
  ]) {
    const end = await ostrace(['trace', ...args], { env });
    assert.equal(end.code, 0, end.stderr);
    assert.match(end.stdout, /7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4/);
    assert.match(end.stderr, /^ostrace: [^\n]*127\.0\.0\.1:1[^\n]*; reading file:\S+ instead\n$/);
  }
  const none = await ostrace(['trace', 'list'], { env: { OSTRACE_CONNECTION_STRING: `${down},${down}` } });
  assert.equal(none.code, 1);
  // A queue has no list, and is no problem where another store has one.
  const queue = await ostrace(['trace', 'list'], {
    env: { OSTRACE_CONNECTION_STRING: `rabbit://127.0.0.1:1/,${connection}` },
  });
  assert.deepEqual([queue.code, queue.stderr], [0, '']);
  assert.match(queue.stdout, /7253ca8c/);
  // What the first does not hold, the next may.
  const empty = store(context).connection;
  const second = await ostrace(['trace', 'show', '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4'], {
    env: { OSTRACE_CONNECTION_STRING: `${empty},${connection}` },
  });
  assert.deepEqual([second.code, second.stderr], [0, '']);
});

test('file://localhost/ is the folder of this machine', async (context) => {
  const { connection, folder } = store(context, shopTrace());
  for (const spelling of [`file://localhost${folder}`, `FILE://LOCALHOST${folder}`, `file:${folder}`]) {
    const end = await ostrace(['trace', 'list', '--connection-string', spelling]);
    assert.match(end.stdout, /7253ca8c/, spelling);
  }
  assert.ok(connection.startsWith('file:///'));
});

// ---- run

test('run says of a program that it is not Node’s', async (context) => {
  const folder = scratch(context);
  const files: Readonly<Record<string, readonly [text: string, mode: number]>> = {
    'shell.sh': ['#!/bin/sh\necho ran\n', 0o755],
    bare: ['echo ran\n', 0o755],
    'snake.py': ['#!/usr/bin/env python3\nprint("ran")\n', 0o755],
    tool: ['#!/usr/bin/env -S node --no-warnings\nconsole.log("ran")\n', 0o755],
    'app.js': ['console.log("ran")\n', 0o644],
  };
  for (const [name, [text, mode]] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  }
  const env = { PATH: `${join(process.execPath, '..')}:${process.env['PATH']}`, OSTRACE_PROFILE: key };
  const said = async (...program: string[]): Promise<string> => {
    const { stderr } = await ostrace(['run', '--', ...program], { env, cwd: folder });
    return stderr.replace(/^trace \S+\n/, '');
  };
  const only = 'not a Node.js program: only the Node.js programs that it starts are traced\n';
  assert.equal(await said('./shell.sh'), `ostrace: ./shell.sh is a script for sh, ${only}`);
  assert.equal(await said('./bare'), `ostrace: ./bare is a script without a #! line, ${only}`);
  assert.match(
    await said('./snake.py'),
    /^ostrace: \.\/snake\.py is a script for python3, not a Node.js program/,
  );
  assert.equal(await said('true'), `ostrace: true is a binary, ${only}`);
  assert.equal(await said('./tool'), '');
  assert.equal(await said('node', 'app.js'), '');
  assert.equal(await said(process.execPath, 'app.js'), '');
  for (const name of ['app.js', './app.js']) {
    assert.equal(
      await said(name),
      `ostrace: cannot run "${name}": it is a file for Node.js; run it with ostrace run -- node ${name}\n`,
    );
  }
  assert.equal(await said('./missing'), 'ostrace: cannot run "./missing": there is no such program\n');
  assert.match(await said('node', 'missing.js'), /Cannot find module/);
  assert.match(await said('.'), /^ostrace: cannot run "\.": it is not executable/);
});

// ---- colours

test('FORCE_COLOR colours what is piped, and decides before NO_COLOR does', async (context) => {
  const { connection } = store(context, shopTrace());
  const coloured = async (env: Record<string, string>): Promise<boolean> => {
    const args = ['trace', 'show', 'last', '--connection-string', connection];
    return (await ostrace(args, { env })).stdout.includes('\u001b[');
  };
  assert.equal(await coloured({}), false);
  for (const value of ['1', '2', '3', 'true', ''])
    assert.equal(await coloured({ FORCE_COLOR: value }), true, value);
  for (const value of ['0', 'false']) assert.equal(await coloured({ FORCE_COLOR: value }), false, value);
  assert.equal(await coloured({ FORCE_COLOR: '1', NO_COLOR: '1' }), true);
  assert.equal(await coloured({ NO_COLOR: '1' }), false);
});
