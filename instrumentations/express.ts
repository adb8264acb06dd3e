// Names the routes of Express 4 and 5, and of their `router`. A route is joined from the pattern that it has itself and
// those under which its routers are mounted. Of a mounted router, only the path that matched is known, and the
// parameters in it; where these do not make up whole parts of that path, the route is left out.
import { type RouteMethod, route } from '../src/hooks/targets/route.js';
import { createStamp } from '../src/trace/stamp.js';

interface Request {
  readonly baseUrl?: unknown;
}
/** An entry of a router: a route, or what `use` has mounted. */
interface Layer {
  readonly route?: { readonly path?: unknown };
  /** The part of the path that matched; before router 2.3. */
  readonly path?: unknown;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The pattern as the application gave it; since router 2.3. */
  readonly rawPath?: unknown;
}

/** The patterns of a request's mounted routers, by the paths that matched; undefined where one is not known. */
const mounts = createStamp<Map<string, string | undefined>>();

const layer: RouteMethod = {
  route([request]: [Request], { path: matched, params, rawPath, route: found }: Layer) {
    const base = typeof request.baseUrl === 'string' ? request.baseUrl : '';
    if (found !== undefined) return { request, route: joined(patternOf(request, base), found.path) };
    const path = typeof matched === 'string' ? matched : pathOf(base, rawPath);
    if (path === '' || path === '/') return undefined;
    let its = mounts.of(request);
    if (its === undefined) mounts.put(request, (its = new Map()));
    const own = typeof rawPath === 'string' ? rawPath : withNames(path, params);
    its.set(base, joined(patternOf(request, base.slice(0, base.length - withoutSlash(path).length)), own));
    return undefined;
  },
};

/** A pattern of whole parts: as many parts of the path matched it. */
const plain = /^(?:\/(?::\w+|[^/:*?+{}()[\]\\]+))*\/?$/;

/** The end of a path that matched a pattern; empty if the pattern does not tell how long that was. */
function pathOf(base: string, pattern: unknown): string {
  if (typeof pattern !== 'string' || !plain.test(pattern)) return '';
  const parts = withoutSlash(pattern).split('/').length - 1;
  return parts === 0 ? '' : `/${base.split('/').slice(-parts).join('/')}`;
}

const patternOf = (request: object, base: string): string | undefined => {
  const known = mounts.of(request);
  return base !== '' && known?.has(base) === true ? known.get(base) : base === '' ? '' : undefined;
};

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);

/** A list of patterns, or a regular expression, is no route that people would know. */
function joined(before: string | undefined, own: unknown): string | undefined {
  if (before === undefined || typeof own !== 'string') return undefined;
  return own === '/' && before !== '' ? before : withoutSlash(before) + own;
}

/** A path with the names of its parameters in place of their values. */
function withNames(path: string, params: Layer['params'] = {}): string | undefined {
  const given = path.split('/').map(decoded);
  const parts = path.split('/');
  const values = Object.values(params);
  let from = 0;
  for (const [name, value] of Object.entries(params)) {
    // A part of the pattern's own may be the same text as a value: which one is which is not known then.
    if (given.filter((part) => part === value).length !== values.filter((each) => each === value).length) {
      return undefined;
    }
    const at = given.indexOf(value as string, from);
    parts[at] = `:${name}`;
    from = at + 1;
  }
  return parts.join('/');
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

export const express = route({
  library: 'express',
  files: [
    { file: 'express/lib/router/layer', versions: ['4.17.0', '5.0.0'], methods: { handle_request: layer } },
  ],
});

export const router = route({
  library: 'router',
  files: [{ file: 'router/lib/layer', methods: { handleRequest: layer } }],
});
