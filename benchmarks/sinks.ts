// Collectors for the peers, which count spans and keep none.
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { countSpansOfDatadog, countSpansOfOtlp } from './spans.js';

interface Sink {
  readonly url: string;
  readonly server: Server;
  spans: number;
}

const sinks = new Map<string, Sink>();

/**
 * Collectors that count spans and keep none: OTLP over HTTP, and the protocol of Datadog's agent.
 *
 * @param names of the variants, each of which has a collector of its own
 * @returns the address of a variant's
 */
export async function openSinks(names: readonly string[]): Promise<(name: string) => string> {
  for (const name of names) {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const sink = sinks.get(name)!;
        const body = Buffer.concat(chunks);
        if (request.url === '/v1/traces') {
          sink.spans += countSpansOfOtlp(body);
          // An empty message of protobuf has no bytes.
          response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
        } else if (request.url === '/v0.4/traces') {
          sink.spans += countSpansOfDatadog(body);
          response.writeHead(200, { 'content-type': 'application/json' }).end('{"rate_by_service":{}}');
        } else {
          // Datadog's agent is asked for other things as well, and answers that it has none of them.
          response.writeHead(404).end();
        }
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    sinks.set(name, { url, server, spans: 0 });
  }
  return (name) => sinks.get(name)!.url;
}

/** How many spans a variant has sent. */
export function spansOf(name: string): number {
  return sinks.get(name)?.spans ?? 0;
}

export function closeSinks(): void {
  for (const { server } of sinks.values()) {
    server.close();
    server.closeAllConnections();
  }
  sinks.clear();
}
