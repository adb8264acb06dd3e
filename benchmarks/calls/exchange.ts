// Makes requests for the HTTP server's hook without a network.
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** The message of a server's channel about one request. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Has Node's parser make a request. */
export async function openExchange(): Promise<Exchange> {
  let exchange: Exchange | undefined;
  const server = createServer((request, response) => {
    exchange = { request, response };
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.end('GET /orders/42?full=1 HTTP/1.1\r\nHost: shop.example.org\r\nConnection: close\r\n\r\n');
  await once(socket.resume(), 'close');
  server.close();
  if (exchange === undefined) throw new Error('Node refused a request');
  return exchange;
}

type Headers = readonly (readonly [name: string, value: string])[];

/** A copy of a request that no code has read yet. */
export function fresh({ request, response }: Exchange, headers: Headers): Exchange {
  const own = Object.create(request, { rawHeaders: { value: headers.flat() } }) as IncomingMessage;
  const symbols = Object.getOwnPropertySymbols(request).filter((symbol) =>
    ['kHeaders', 'kHeadersDistinct', 'kHeadersCount'].includes(symbol.description ?? ''),
  );
  for (const symbol of symbols) {
    const isCount = symbol.description === 'kHeadersCount';
    Object.assign(own, { [symbol]: isCount ? headers.length * 2 : null });
  }
  // Node builds the headers of each request anyway: that is not the agent's cost.
  void own.headers;
  return { request: own, response: Object.create(response) as ServerResponse };
}

/**
 * A copy that is a whole object of its own, for a framework that changes what a request inherits from, and a response
 * without a socket: it keeps what is written.
 */
export function whole(exchange: Exchange, headers: Headers): Exchange {
  const parts = [exchange.request, fresh(exchange, headers).request].map(Object.getOwnPropertyDescriptors);
  const properties = Object.assign({}, ...parts) as PropertyDescriptorMap;
  const request = Object.create(IncomingMessage.prototype, properties) as IncomingMessage;
  return { request, response: new ServerResponse(request) };
}

const server = channel('http.server.request.start');

/** Does what Node does with a request, up to the call of the application. */
export function begin({ request, response }: Exchange): void {
  if (server.hasSubscribers) server.publish({ request, response, socket: request.socket, server: undefined });
}
