// The contract of a framework's routes, `route({ … })`: it names the route of an incoming request, `/orders/:id`, so
// that requests of one route are seen as such. It makes no points of its own.
import { place } from '../../trace/context.js';
import { observeBefore } from '../calls/method.js';
import type { Instrumentation } from '../loading/modules.js';
import { type TargetFile, fileHook, nameOf } from './files.js';
import { noteRoute } from './incoming.js';

/** The route that was found for a request. */
export interface FoundRoute {
  /** Node's object of the request, of `http` or of `http2`. */
  readonly request: unknown;
  /** The route's pattern; a function if it is only known when the request is over. What is no text is left out. */
  readonly route: unknown;
}

/** A method that is called for a request when its route is known, or about to be. */
export interface RouteMethod {
  /** Undefined if the call tells no route. A later call for the same request takes the place of an earlier one. */
  route(args: readonly unknown[], self: object): FoundRoute | undefined;
}

/** The routes of a framework, as data. */
export interface Routes {
  /** The package that users name. */
  readonly library: string;
  readonly files: readonly TargetFile<RouteMethod>[];
}

/** Makes the instrumentation of a framework: the points of its incoming requests name their routes. */
export function route({ library, files }: Routes): Instrumentation {
  return {
    hooks: (agent) =>
      files.map((file) =>
        fileHook(file, agent, () => (owner, name, method) => {
          observeBefore(owner, name, `${library} ${nameOf(owner, name)}`, (self, args) => {
            if (place() === undefined) return;
            const found = method.route(args, self);
            if (found !== undefined) noteRoute(found.request, found.route);
          });
        }),
      ),
  };
}
