// What a store says reaches people as a part of one line of a readable length, and does nothing to their terminal.
// needs: agent
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { DriverError } from '../src/drivers/driver.js';
import { newId } from '../src/trace/ids.js';
import { agentFolder, key, on, run, scenario } from './scenario.js';

const cli = join(agentFolder, 'dist/src/cli/main.js');
const forged = 'ostrace: all is well';
const hostile = `\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\u2028\r\n${forged}\r\n\u0000${'x'.repeat(500_000)}`;
// eslint-style sets: all that is not printed, but for the ends of lines.
const unprintable = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;

function http(status: number, type: string, body: string): string {
  return `HTTP/1.1 ${status} No\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}

function postgresqlError(): Buffer {
  const fields = Buffer.from(`SFATAL\0C28000\0M${hostile.replaceAll('\0', '')}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

function mysqlError(): Buffer {
  const payload = Buffer.concat([Buffer.from([0xff, 0x15, 0x04]), Buffer.from(hostile.slice(0, 60_000))]);
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([head, payload]);
}

/** What each kind of server says to whatever comes, or as soon as somebody is there. */
const servers: Readonly<Record<string, { asked?: () => string | Buffer; atOnce?: () => Buffer }>> = {
  // Redis's lines are bounded where they are read, and have no ends in them.
  'redis://': { asked: () => `-ERR ${hostile.replaceAll(/[\r\n]/g, '').slice(0, 8000)}\r\n` },
  'postgresql://': { asked: postgresqlError },
  'mysql://': { atOnce: mysqlError },
  'elasticsearch://': {
    asked: () => http(500, 'application/json', JSON.stringify({ error: { reason: hostile } })),
  },
  'influxdb://': { asked: () => http(500, 'application/json', JSON.stringify({ error: hostile })) },
  'otlp://': { asked: () => http(400, 'text/plain', hostile) },
  'zipkin://': { asked: () => http(400, 'text/plain', hostile) },
  'rabbit://': { atOnce: () => Buffer.from(hostile) },
  'mongodb://': { asked: () => Buffer.from(hostile) },
};

async function serve(t: TestContext, { asked, atOnce }: (typeof servers)[string]): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (atOnce !== undefined) socket.end(atOnce());
    else socket.on('data', () => socket.writable && socket.end(asked!()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

function assertClean(text: string, what: string): void {
  assert.doesNotMatch(text, unprintable, what);
  for (const line of text.split('\n')) {
    assert.ok(line.length <= 4200, `${what}: a line of ${line.length} characters`);
    assert.ok(!line.startsWith(forged), `${what}: ${line.slice(0, 100)}`);
  }
}

for (const [scheme, server] of Object.entries(servers)) {
  test(`${scheme}: what a hostile server says is a part of one clean line, wherever it is said`, async (t) => {
    const port = await serve(t, server);
    const store = `${scheme}127.0.0.1:${port}/${/sql/.test(scheme) ? 'db' : ''}`;
    const env = { ...on, OSTRACE_CONNECTION_STRING: store, OSTRACE_EXIT_TIMEOUT: '3000' };
    const service = await run(t, scenario('empty.cjs'), { env: { ...env, OSTRACE_PROFILE: key } });
    assert.equal(service.code, 0);
    assertClean(service.stderr, 'the service');
    let said = service.stderr;
    for (const args of [
      ['doctor'],
      ['doctor', '--json'],
      ['trace', 'list'],
      ['trace', 'show', newId()],
      ['flush'],
    ]) {
      const { stdout, stderr, signal } = await run(t, cli, { args, env, load: 'none' });
      assert.equal(signal, null);
      assertClean(stdout, `${args.join(' ')}: stdout`);
      assertClean(stderr, `${args.join(' ')}: stderr`);
      said += stdout + stderr;
    }
    // The check sees what the server says.
    assert.match(said, /owned|127\.0\.0\.1/);
  });
}

test('an error of a store is one line of a readable length', () => {
  const { message } = new DriverError(hostile);
  assertClean(message, 'the error');
  assert.ok(message.length < 1100 && !message.includes('\n'));
  assert.equal(new DriverError('plain: größer, “x” → 😀').message, 'plain: größer, “x” → 😀');
});
