// Redis's protocol where a real server can't be had to speak it: replies in pieces of all sizes, and what is none.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';

import { Intake } from '../src/drivers/intake.js';
import { RedisClient } from '../src/drivers/redis/client.js';
import { type Reply, ReplyError, ReplyReader, encodeCommands } from '../src/drivers/redis/resp.js';
import { open } from './fixtures/drivers.js';
import { shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';

function readAll(pieces: Iterable<Buffer>): Reply[] {
  const replies: Reply[] = [];
  const reader = new ReplyReader((reply) => replies.push(reply));
  for (const piece of pieces) reader.push(piece);
  return replies;
}

function* piecesOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const wire = Buffer.from(
  [
    '+OK',
    '-WRONGTYPE a key holds “something” else',
    ':-42',
    '$-1',
    '$0',
    '',
    '$15',
    'né\r\n*1\r\n:1\r\nü',
    '*-1',
    '*0',
    '*3',
    '*2',
    ':1',
    '*1',
    '$1',
    'x',
    '-ERR in a list',
    '$1',
    'y',
    '+the last',
    '',
  ].join('\r\n'),
);
const replies: Reply[] = [
  'OK',
  new ReplyError('WRONGTYPE a key holds “something” else'),
  -42,
  null,
  '',
  'né\r\n*1\r\n:1\r\nü',
  null,
  [],
  [[1, ['x']], new ReplyError('ERR in a list'), 'y'],
  'the last',
];

test('replies are the same in whatever pieces they come', () => {
  for (let size = 1; size <= wire.length; size++) {
    assert.deepEqual(readAll(piecesOf(wire, size)), replies, `in pieces of ${size} bytes`);
  }
});

test('commands say their lengths in bytes', () => {
  assert.equal(
    [...encodeCommands([['LPUSH', 'ключ', ''], ['EXEC']])].join(''),
    '*3\r\n$5\r\nLPUSH\r\n$8\r\nключ\r\n$0\r\n\r\n*1\r\n$4\r\nEXEC\r\n',
  );
});

test('a reply of megabytes is put together once, not for each piece of it', () => {
  const text = 'x'.repeat(64 * 1024 * 1024);
  let copied = 0;
  const { concat } = Buffer;
  Buffer.concat = (list, ...more) => {
    const whole = concat(list, ...more);
    copied += whole.length;
    return whole;
  };
  try {
    const bytes = Buffer.from(`*2\r\n$${text.length}\r\n${text}\r\n:1\r\n`);
    const [list] = readAll(piecesOf(bytes, 64 * 1024)) as [[string, number]];
    assert.ok(list[0] === text && list[1] === 1);
    assert.ok(copied < 2 * bytes.length, `${copied} bytes were copied`);
  } finally {
    Buffer.concat = concat;
  }
});

test('what is no reply is an error, and so is a line without an end', () => {
  for (const strange of [
    'HTTP/1.1 400 Bad Request\r\n',
    '$ten\r\n',
    '*1e3\r\n',
    ':\r\n',
    'x'.repeat(70_000),
  ]) {
    assert.throws(() => readAll([Buffer.from(strange)]), /it does not speak the Redis protocol/);
  }
});

/** A server that is no Redis. */
async function startStranger(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const server = createServer(serve);
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a server that is no Redis is an error that says so', async (t) => {
  const url = await startStranger(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const driver = open(url);
  t.after(() => driver.close());
  await assert.rejects(async () => driver.write(linesOf(shopTrace())), {
    name: 'DriverError',
    isCertain: true,
    message:
      /^Redis at 127\.0\.0\.1:\d+ cannot be reached: it does not speak the Redis protocol; check the host and the port$/,
  });
});

test('a reply that nobody waits for ends the connection: those that follow would be taken for others', async (t) => {
  const url = await startStranger(
    t,
    (socket) => void socket.once('data', () => socket.write('+OK\r\n+OK\r\n')),
  );
  const driver = open(url);
  t.after(() => driver.close());
  await assert.rejects(async () => driver.write(linesOf(shopTrace())), {
    message: /^the connection to Redis at 127\.0\.0\.1:\d+ broke: it sent a reply that no command asked for$/,
  });
});

test('a client that is given up still gets its answers, and closes then', async (t) => {
  let asked = '';
  let closed: Promise<unknown> | undefined;
  const url = await startStranger(t, (socket) => {
    closed = once(socket, 'close');
    socket.on('data', (bytes) => {
      asked += bytes.toString();
      if (asked.endsWith('ostrace\r\n')) socket.write('+OK\r\n');
      if (!asked.endsWith('LAST\r\n')) return;
      socket.write('+1\r\n');
      setTimeout(() => socket.write('+2\r\n'), 50);
    });
  });
  const { hostname: host, port } = new URL(url);
  const nobody = {
    username: undefined,
    password: undefined,
    database: 0,
    tls: undefined,
    intake: new Intake(),
  };
  const client = await RedisClient.connect({ host, port: Number(port), ...nobody, timeoutMs: 5000 });
  const [first, second] = [client.send([['FIRST']]), client.send([['LAST']])];
  assert.deepEqual(await first, ['1']);
  client.retire();
  assert.equal(client.isOpen, false);
  assert.deepEqual(await second, ['2']);
  await closed;
});
