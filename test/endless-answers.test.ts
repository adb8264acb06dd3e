// A store that answers without an end, or says that its answer will be huge: what comes in is bounded.
// needs: osprofiler postgresql mariadb redis rabbitmq
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';

import type { Line } from '../src/drivers/line.js';
import { newId } from '../src/trace/ids.js';
import { mysql, postgresql } from './fixtures/databases.js';
import { open } from './fixtures/drivers.js';
import { eventsOf } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { startStandin } from './fixtures/mongodb.js';
import { openProxy } from './fixtures/proxy.js';

const base_id = newId();
const lines: Line[] = linesOf(eventsOf({ name: 'p', id: '1', trace: base_id, start: 1, stop: 2 }));

const { env } = process;
const tooLong = /the answer is longer than \d+ bytes/;
const zeros = Buffer.alloc(64 * 1024);

/** What a store begins a huge answer with, and how it goes on with small ones. */
interface Answers {
  readonly huge: Buffer;
  readonly goesOn: Buffer;
  readonly small: Buffer;
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const repeated = (piece: Buffer): Buffer => Buffer.concat(Array.from({ length: 1000 }, () => piece));

const answers: Readonly<Record<string, Answers>> = {
  postgresql: {
    // A row of a gigabyte; notices.
    huge: Buffer.from('443fffffff', 'hex'),
    goesOn: zeros,
    small: repeated(message('N', Buffer.from('SNOTICE\0C00000\0Mmore\0\0'))),
  },
  mysql: {
    // Packets that go on in the next one; columns of a row's.
    huge: Buffer.from('ffffff01', 'hex'),
    goesOn: zeros,
    small: repeated(Buffer.concat([Buffer.from('01000001', 'hex'), Buffer.from([1])])),
  },
  redis: {
    huge: Buffer.from('$999999999\r\n'),
    goesOn: zeros,
    small: repeated(Buffer.from('+QUEUED\r\n')),
  },
  rabbitmq: {
    // A frame of a gigabyte; heartbeats.
    huge: Buffer.from('0300013fffffff', 'hex'),
    goesOn: zeros,
    small: repeated(Buffer.from('08000000000000ce', 'hex')),
  },
  mongodb: { huge: Buffer.from('ffffff3f', 'hex'), goesOn: zeros, small: Buffer.from('ffffff3f', 'hex') },
};

type Opened = { url: (port: number) => string; host: string; port: number };

const opens: Readonly<Record<string, (t: TestContext) => Promise<Opened>>> = {
  postgresql: async (t) => through((await postgresql.create(t)).url, 'postgresql'),
  mysql: async (t) => through((await mysql.create(t)).url, 'mysql'),
  redis: async () => through(env['REDIS_URL'] ?? 'redis://127.0.0.1:6379/15', 'redis'),
  rabbitmq: async () =>
    through(env['AMQP_FAULTS_URL'] ?? env['AMQP_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672/', 'amqp'),
  async mongodb(t) {
    const standin = await startStandin();
    t.after(() => standin.stop());
    return { url: (port) => `mongodb://127.0.0.1:${port}/`, host: '127.0.0.1', port: standin.port };
  },
};

function through(direct: string, scheme: string): Opened {
  const url = new URL(direct.replace(/^[^:]+:/, `${scheme}:`));
  const [host, port] = [url.hostname, Number(url.port)];
  return {
    host,
    port,
    url(own) {
      url.hostname = '127.0.0.1';
      url.port = String(own);
      return url.href;
    },
  };
}

/** Far less than a gigabyte: the bound, and what the system's buffers take besides. */
const mostBytes = 16 * 1024 * 1024;

for (const [name, { huge, goesOn, small }] of Object.entries(answers)) {
  for (const [how, beginning, piece] of [
    ['one that is huge', huge, goesOn],
    ['many small ones', small, small],
  ] as const) {
    if (name === 'mongodb' && how === 'many small ones') continue;
    test(`${name}: the answer to a write is ${how}`, async (t) => {
      const { url, host, port } = await opens[name]!(t);
      const proxy = await openProxy(t, host, port);
      const driver = open(url(proxy.port));
      t.after(() => driver.close());
      await driver.write(lines);
      const flooded = proxy.floodNext(beginning, piece);
      await assert.rejects(async () => driver.write(lines), { name: /^(DriverError|WriteError)$/ });
      const bytes = await flooded;
      assert.ok(bytes < mostBytes, `${bytes} bytes were taken`);
      await driver.write(lines, { isRepeated: true });
    });
  }
}

for (const scheme of ['elasticsearch', 'otlp', 'zipkin', 'influxdb']) {
  for (const [how, status] of [
    ['a success', 200],
    ['a refusal', 503],
  ] as const) {
    test(`${scheme}: ${how} without an end`, async (t) => {
      let taken: Promise<number> | undefined;
      const server = http.createServer((request, response) => {
        request.resume();
        const { socket } = request;
        socket.on('error', () => {});
        taken = new Promise((resolve) => socket.on('close', () => resolve(socket.bytesWritten)));
        response.writeHead(status, { 'content-type': 'application/json' });
        const more = (): void => {
          while (response.write(zeros));
        };
        response.on('drain', more);
        more();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.after(() => server.close());
      const { port } = server.address() as AddressInfo;
      const driver = open(`${scheme}://127.0.0.1:${port}${scheme === 'influxdb' ? '/traces' : ''}`);
      t.after(() => driver.close());
      await assert.rejects(async () => driver.write(lines), { message: tooLong });
      assert.ok((await taken!) < mostBytes);
    });
  }
}
