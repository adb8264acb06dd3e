// Names the routes of Koa 2 and 3 where @koa/router or koa-router has found them. They note the route in the request's
// context while they look for it.
import { route } from '../src/hooks/targets/route.js';

interface Context {
  readonly req?: unknown;
  readonly _matchedRoute?: unknown;
}

export const koa = route({
  library: 'koa',
  files: [
    {
      file: 'koa/lib/application',
      methods: {
        handleRequest: {
          route: ([context]: [Context | undefined]) =>
            context && { request: context.req, route: () => context._matchedRoute },
        },
      },
    },
  ],
});
