// Names the routes of Fastify 4 and 5. Every answer passes `send`, also what an asynchronous handler returns.
import { route } from '../src/hooks/targets/route.js';

interface Reply {
  readonly request?: { readonly raw?: unknown; readonly routeOptions?: { readonly url?: unknown } };
}

export const fastify = route({
  library: 'fastify',
  files: [
    {
      file: 'fastify/lib/reply',
      methods: {
        send: {
          // Fastify makes the options anew each time that it is asked for them. They name no URL where no route fits.
          route: (_args, { request }: Reply) =>
            request && { request: request.raw, route: () => request.routeOptions?.url },
        },
      },
    },
  ],
});
