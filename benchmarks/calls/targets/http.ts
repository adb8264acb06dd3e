// A request in and a request out, without sockets.
import { Agent, request as httpRequest } from 'node:http';

import { begin, fresh, openExchange } from '../exchange.js';
import { headersIn, refusedKinds } from '../header-kinds.js';
import { type Asked, type Batch, type Kind, noop, sync } from '../kind.js';

async function openServer(
  headersOf: (base_id: string | undefined) => readonly (readonly [string, string])[],
): Promise<(asked: Asked) => Batch> {
  const exchange = await openExchange();
  return ({ count, base_id }) => {
    const copies = Array.from({ length: count }, () => fresh(exchange, headersOf(base_id)));
    return () => {
      for (const copy of copies) {
        begin(copy);
        copy.response.emit('close');
      }
    };
  };
}

/** Never gives a socket: the making of a request is measured, not its way. */
const agent = Object.assign(new Agent(), { createSocket() {} });

export const http: readonly Kind[] = [
  {
    name: 'http server: a request',
    count: 300,
    points: 1,
    isTrigger: true,
    open: () => openServer(headersIn),
  },
  {
    name: 'http client: a request',
    count: 200,
    points: 1,
    open: sync(() => {
      const request = httpRequest({ agent, host: '127.0.0.1', path: '/stock/42' });
      request.on('error', noop);
      request.emit('close');
    }),
  },
];

/** Headers that ask for a trace and get none. */
export const refused: readonly Kind[] = refusedKinds.map(({ what, headers }) => ({
  name: `refused: ${what}`,
  count: 200,
  isRefused: true,
  open: () => openServer(() => headers),
}));
