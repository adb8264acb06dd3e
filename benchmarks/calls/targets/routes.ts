// A request that a framework routes: what the agent adds is the request's point and the name of the route.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';

import { begin, openExchange, whole } from '../exchange.js';
import { headersIn } from '../header-kinds.js';
import { type Asked, type Batch, type Kind, load } from '../kind.js';

// The parts of the frameworks that are used. They are not among the project's own packages.
interface Express extends RequestListener {
  get(path: string, handler: (request: unknown, response: { send(text: string): void }) => void): void;
}
interface Fastify {
  get(path: string, handler: (request: unknown, reply: { send(text: string): void }) => void): void;
  ready(): Promise<void>;
  routing(request: IncomingMessage, response: ServerResponse): void;
}
interface Koa {
  use(middleware: unknown): void;
  callback(): RequestListener;
}
interface KoaRouter {
  get(path: string, handler: (context: { body: string }) => void): void;
  routes(): unknown;
}

const path = '/orders/:id';
const answer = 'ok';

const routed = (name: string, open: () => Promise<RequestListener> | RequestListener): Kind => ({
  name: `${name}: a request with a route`,
  count: 100,
  points: 1,
  isTrigger: true,
  async open() {
    const [exchange, listener] = [await openExchange(), await open()];
    return ({ count, base_id }: Asked): Batch => {
      const copies = Array.from({ length: count }, () => whole(exchange, headersIn(base_id)));
      return async () => {
        for (const copy of copies) {
          begin(copy);
          listener(copy.request, copy.response);
        }
        // Koa answers in a later turn.
        await turn();
        for (const { response } of copies) response.emit('close');
      };
    };
  },
});

export const routes: readonly Kind[] = [
  routed('express', () => {
    const app = load<() => Express>('express')();
    app.get(path, (_request, response) => response.send(answer));
    return app;
  }),
  routed('fastify', async () => {
    const app = load<() => Fastify>('fastify')();
    app.get(path, (_request, reply) => reply.send(answer));
    await app.ready();
    return (request, response) => app.routing(request, response);
  }),
  routed('koa', () => {
    const app = new (load<new () => Koa>('koa'))();
    const { Router } = load<{ Router: new () => KoaRouter }>('@koa/router');
    const router = new Router();
    router.get(path, (context) => {
      context.body = answer;
    });
    app.use(router.routes());
    return app.callback();
  }),
];
