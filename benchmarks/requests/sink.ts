import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A collector for OTLP over HTTP that counts spans and keeps none. */
export interface Sink {
  readonly url: string;
  /** How many spans came, by the variant whose name is the path. */
  count(name: string): number;
  close(): void;
}

export async function openSink(): Promise<Sink> {
  const counts = new Map<string, number>();
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = decodeURIComponent((request.url ?? '').slice(1));
      counts.set(name, (counts.get(name) ?? 0) + countSpans(Buffer.concat(chunks)));
      // An empty message of protobuf is no bytes.
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (name) => counts.get(name) ?? 0,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Resource spans are field 1 of a request, scope spans field 2 of those, spans field 2 of these. */
function countSpans(request: Buffer): number {
  return fields(request, 1)
    .flatMap((resourceSpans) => fields(resourceSpans, 2))
    .reduce((sum, scopeSpans) => sum + fields(scopeSpans, 2).length, 0);
}

/** The messages that a message of protobuf holds in one of its fields. Only its texts and messages have lengths. */
function fields(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 2) {
      const length = varint();
      if (tag >> 3 === wanted) found.push(message.subarray(at, at + length));
      at += length;
    } else if ((tag & 7) === 0) {
      varint();
    } else {
      at += (tag & 7) === 1 ? 8 : 4;
    }
  }
  return found;
}
