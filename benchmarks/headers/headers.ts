// What does it cost to refuse a header? See the README beside this file.
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { start } from '../../src/agent.js';
import { median, rotated } from '../statistics.js';
import { type Kind, accepted, keys, refusedKinds } from './kinds.js';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const { values } = parseArgs({
  options: {
    /** How many keys the agent has; the first one signed what is accepted. */
    keys: { type: 'string', default: '1' },
  },
});

const rounds = 200;
const batchNs = 1_000_000;
const source = channel('http.server.request.start');

/** Has Node's parser make a request of each kind. */
async function exchangesOf(kinds: readonly Kind[]): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => exchanges.push({ request, response }) && response.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  for (const { headers } of kinds) {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(Buffer.from(`GET / HTTP/1.1\r\nConnection: close\r\n${lines.join('')}\r\n`, 'latin1'));
    await once(socket.resume(), 'close');
  }
  server.close();
  if (exchanges.length !== kinds.length) throw new Error('Node refused a request');
  return exchanges;
}

/** A request that nobody has looked into yet. */
function fresh({ request, response }: Exchange): Exchange {
  return {
    request: Object.create(request) as IncomingMessage,
    response: Object.create(response) as ServerResponse,
  };
}

/** Nanoseconds for each of so many requests of a kind. */
function timed(exchange: Exchange, count: number): number {
  const copies = Array.from({ length: count }, () => fresh(exchange));
  const started = process.hrtime.bigint();
  for (const copy of copies) source.publish(copy);
  const ns = Number(process.hrtime.bigint() - started) / count;
  for (const { response } of copies) if (isTraced(response)) response.emit('close');
  return ns;
}

const isTraced = (response: ServerResponse): boolean => Object.hasOwn(response, 'emit');

function checkVerdicts(kinds: readonly Kind[], exchanges: readonly Exchange[]): void {
  kinds.forEach(({ what, isAccepted = false }, i) => {
    const copy = fresh(exchanges[i]!);
    source.publish(copy);
    if (isTraced(copy.response) !== isAccepted) throw new Error(`${what}: the verdict is wrong`);
    if (isAccepted) copy.response.emit('close');
  });
}

/** How many requests of a kind a batch has: about a millisecond's worth. */
function batchSizes(exchanges: readonly Exchange[]): number[] {
  const warmUp = 20;
  return exchanges.map((exchange) => {
    const samples = Array.from({ length: warmUp }, () => timed(exchange, warmUp));
    return Math.max(1, Math.round(batchNs / median(samples)));
  });
}

/** The batches of each kind take turns, with an accepted request between any two. */
function measure(exchanges: readonly Exchange[]): number[][] {
  const sizes = batchSizes(exchanges);
  const results = exchanges.map(() => [] as number[]);
  const places = [...exchanges.keys()];
  for (let round = 0; round < rounds; round++) {
    for (const i of rotated(places, round)) {
      timed(exchanges[0]!, 1);
      results[i]!.push(timed(exchanges[i]!, sizes[i]!));
    }
  }
  return results;
}

async function main(): Promise<void> {
  const kinds = [accepted, ...refusedKinds];
  const exchanges = await exchangesOf(kinds);
  const store = mkdtempSync(join(tmpdir(), 'ostrace-headers-'));
  process.once('exit', () => rmSync(store, { recursive: true, force: true }));
  startAgent(store, keys.slice(0, Number(values.keys)));
  checkVerdicts(kinds, exchanges);
  const results = measure(exchanges);
  console.log(
    `Node ${process.version}, ${values.keys} of ${keys.length} keys\n\n| | median ns | worst ns |\n| --- | --- | --- |`,
  );
  kinds.forEach(({ what }, i) => {
    console.log(`| ${what} | ${median(results[i]!).toFixed(0)} | ${Math.max(...results[i]!).toFixed(0)} |`);
  });
}

/** In this process, as its preload would. */
function startAgent(store: string, known: readonly string[]): void {
  Object.assign(process.env, {
    OSTRACE_ENABLED: 'true',
    OSTRACE_HMAC_KEYS: known.join(),
    OSTRACE_CONNECTION_STRING: `file://${store}`,
  });
  start(join(__dirname, '../../register.js'));
}

void main();
