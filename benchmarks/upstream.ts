// The services that the measured application calls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Server, ServerCredentials, type ServiceDefinition, type sendUnaryData } from '@grpc/grpc-js';

const serialize = (text: string): Buffer => Buffer.from(text);
const deserialize = (bytes: Buffer): string => bytes.toString();
const definition: ServiceDefinition = {
  answer: {
    path: '/Upstream/Answer',
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  },
};

/** Another service, whose cost is not measured: it answers with one character. */
export interface Upstream {
  readonly url: string;
  /** The same by gRPC: host and port. */
  readonly grpc: string;
  close(): void;
}

export async function openUpstream(): Promise<Upstream> {
  const server = createServer((_request, response) => response.end('1'));
  server.keepAliveTimeout = 300_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const grpc = new Server();
  grpc.addService(definition, { answer: (_call: unknown, done: sendUnaryData<string>) => done(null, '1') });
  const grpcPort = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  return {
    grpc: `127.0.0.1:${grpcPort}`,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      grpc.forceShutdown();
      server.close();
      server.closeAllConnections();
    },
  };
}
