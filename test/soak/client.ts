// A client that is faster than the server: requests are bytes that were made beforehand, sent by the batch over
// connections that stay open; answers are counted by their length.
//   node client.js PORT KEY    with an IPC channel: { signed, unsigned } in, { answers } out
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

import { newId } from '../../src/trace/ids.js';
import { signIds } from '../../src/trace/signing.js';

/** How many of each are to be sent, mixed. */
export interface Order {
  readonly signed: number;
  readonly unsigned: number;
}

/** As many answers came, all of them alike. */
export interface Done {
  readonly answers: number;
}

const [port = '', key = ''] = process.argv.slice(2);
const connections = 8;
const batchRequests = 32;
const differentTraces = 1000;

const plain = 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n';
const signed = Array.from({ length: differentTraces }, () => {
  const base_id = newId();
  const { info, hmac } = signIds(base_id, base_id, key);
  return `GET /x HTTP/1.1\r\nHost: x\r\nX-Trace-Info: ${info}\r\nX-Trace-HMAC: ${hmac}\r\n\r\n`;
});
let nextTrace = 0;

/** Requests of both kinds in turns, until one kind is all sent; then the others. */
function batchOf(signedCount: number, unsignedCount: number): string {
  const parts: string[] = [];
  for (let i = 0; i < Math.max(signedCount, unsignedCount); i++) {
    if (i < signedCount) parts.push(signed[nextTrace++ % differentTraces]!);
    if (i < unsignedCount) parts.push(plain);
  }
  return parts.join('');
}

/** Batches that are sent again and again. */
const unsignedBatch = Buffer.from(batchOf(0, batchRequests));
const mixedBatches = Array.from({ length: differentTraces / 8 }, () =>
  Buffer.from(batchOf(batchRequests / 2, batchRequests / 2)),
);
let nextBatch = 0;

class Connection {
  readonly socket: Socket;
  answers = 0;
  private got = 0;
  private wanted = 0;
  private answerLength = 0;
  private done: () => void = () => {};

  constructor() {
    this.socket = connect(Number(port), '127.0.0.1').setNoDelay(true);
    this.socket.on('data', (bytes) => this.receive(bytes));
    this.socket.on('close', () => fail('the server closed a connection'));
    this.socket.on('error', (error) => fail(error.message));
  }

  /** Learns how long an answer is: all are equally long. */
  async open(): Promise<void> {
    const head = once(this.socket, 'data') as Promise<[Buffer]>;
    this.socket.write(plain);
    const [bytes] = await head;
    if (!bytes.toString('latin1').endsWith('\r\n\r\nok')) fail(`the answer is ${bytes.toString('latin1')}`);
    this.answerLength = bytes.length;
    this.answers = 1;
    this.got = 0;
  }

  send(batch: Buffer, requests: number): Promise<void> {
    this.wanted = requests * this.answerLength;
    return new Promise((resolve) => {
      this.done = resolve;
      this.socket.write(batch);
    });
  }

  private receive(bytes: Buffer): void {
    if (this.answerLength === 0) return;
    // Each answer begins with `HTTP/1.1 200`.
    const first = (this.answerLength - (this.got % this.answerLength)) % this.answerLength;
    for (let at = first; at + 12 <= bytes.length; at += this.answerLength) {
      if (bytes[at] !== 0x48 || bytes[at + 9] !== 0x32)
        fail(`an answer is ${bytes.toString('latin1', at, at + 200)}`);
    }
    this.got += bytes.length;
    if (this.got < this.wanted) return;
    if (this.got > this.wanted) fail('more came than was asked for');
    this.answers += this.wanted / this.answerLength;
    this.got = 0;
    this.done();
  }
}

function fail(why: string): never {
  process.stderr.write(`client: ${why}\n`);
  process.exit(1);
}

async function serve(
  all: readonly Connection[],
  { signed: signedCount, unsigned: unsignedCount }: Order,
): Promise<number> {
  const left = { signed: signedCount, unsigned: unsignedCount };
  await Promise.all(
    all.map(async (connection) => {
      while (left.signed > 0 || left.unsigned > 0) {
        const half = batchRequests / 2;
        if (left.signed >= half && left.unsigned >= half) {
          left.signed -= half;
          left.unsigned -= half;
          await connection.send(mixedBatches[nextBatch++ % mixedBatches.length]!, batchRequests);
        } else if (left.signed === 0 && left.unsigned >= batchRequests) {
          left.unsigned -= batchRequests;
          await connection.send(unsignedBatch, batchRequests);
        } else {
          const few = { signed: Math.min(left.signed, half), unsigned: Math.min(left.unsigned, half) };
          left.signed -= few.signed;
          left.unsigned -= few.unsigned;
          await connection.send(Buffer.from(batchOf(few.signed, few.unsigned)), few.signed + few.unsigned);
        }
      }
    }),
  );
  return all.reduce((sum, { answers }) => sum + answers, 0);
}

async function main(): Promise<void> {
  const all = Array.from({ length: connections }, () => new Connection());
  for (const connection of all) await connection.open();
  process.on('message', (order: Order) => {
    void serve(all, order).then((answers) => process.send!({ answers } satisfies Done));
  });
  process.on('disconnect', () => process.exit(0));
  process.send!({ answers: all.length } satisfies Done);
}

void main();
