// The service that the measured application calls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another service, whose cost is not measured: it answers with one character. */
export async function openUpstream(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((_request, response) => response.end('1'));
  server.keepAliveTimeout = 300_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
