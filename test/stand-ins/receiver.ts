import { once } from 'node:events';
import { type IncomingHttpHeaders, type RequestListener, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked. */
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What becomes of a request that gets no reply. */
type NoReply = 'hang up' | 'never answer';

/** A server in the place of a store, in this process. */
export interface Receiver {
  readonly port: number;
  readonly received: Received[];
  /** How many connections were opened. */
  connections(): number;
  /** Answers the next requests in place of the usual replies. */
  next(...replies: readonly (Reply | NoReply)[]): void;
  stop(): Promise<void>;
}

/**
 * @param reply what the store would say; what it throws is a request that is wrong, refused with status 400
 * @param certificate for TLS
 */
export async function openReceiver(
  reply: (request: Received) => Reply,
  port = 0,
  certificate?: { readonly cert: Buffer; readonly key: Buffer },
): Promise<Receiver> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const planned: (Reply | NoReply)[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const whole = Buffer.concat(chunks);
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole;
      received.push({ method, url, headers, body });
      const answer = planned.shift() ?? judged(() => reply(received.at(-1)!));
      if (answer === 'never answer') return;
      if (answer === 'hang up') request.socket.destroy();
      else {
        const type = { 'content-type': answer.type ?? 'application/json' };
        response.writeHead(answer.status, { ...type, ...answer.headers }).end(answer.body);
      }
    });
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    next: (...replies) => planned.push(...replies),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function judged(reply: () => Reply): Reply {
  try {
    return reply();
  } catch (error) {
    return { status: 400, type: 'text/plain', body: String(error) };
  }
}
