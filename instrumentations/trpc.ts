// tRPC by @trpc/server 10 and 11: an `rpc` point for each procedure that is called, over HTTP or by a caller. Its files
// have other names in each version, so that the procedures are hooked in the routers that the application gets.
import { closed } from '../src/hooks/calls/iterators.js';
import { calleesByMethod } from '../src/hooks/targets/callees.js';
import { type Given, type Outcome, type RpcCall, type RpcFactory, rpc } from '../src/hooks/targets/rpc.js';
import { isGivingUp } from '../src/trace/cancelled.js';
import { answered } from './trpc-streams.js';

const calleeOf = calleesByMethod();

/** How a procedure failed. What fails otherwise is an error of a stream, which nothing has given a code yet. */
function failed(error: unknown): Outcome | undefined {
  const { name, code, message, cause } = Object(error) as Readonly<Record<string, unknown>>;
  if (name !== 'TRPCError' || typeof code !== 'string') return undefined;
  if (code === 'CLIENT_CLOSED_REQUEST' || isGivingUp(cause)) return { end: 'cancelled', status: code };
  return { end: 'failed', status: code, ...(typeof message === 'string' && { message }) };
}

// A procedure may call others.
const procedure: RpcCall = {
  kind: 'server',
  callee([given]) {
    const { path } = Object(given) as { readonly path?: unknown };
    // A separator may be any text: the path is the name.
    return typeof path === 'string' && path !== '' ? calleeOf(undefined, path) : undefined;
  },
  callsOut: true,
  ends: [answered],
  succeeded: (result) => ({ end: result === closed ? 'cancelled' : 'done' }),
  failed,
};

interface Router {
  readonly _def: {
    readonly procedures: object;
    /** The routers that are loaded when they are needed, which then add their procedures; from 11 on. */
    readonly lazy?: Readonly<Record<string, object>>;
  };
}

function hooksOf({ _def: { procedures, lazy = {} } }: Router): readonly Given[] {
  const load: RpcFactory = { gives: () => hooksOf({ _def: { procedures, lazy } }) };
  const named = Object.fromEntries(Object.keys(procedures).map((path) => [path, procedure]));
  return [[procedures, named], ...Object.values(lazy).map((each): Given => [each, { load }])];
}

const router: RpcFactory = { gives: (given) => hooksOf(given as Router) };

interface Exports {
  readonly initTRPC: object;
}

export const trpc = rpc({
  library: '@trpc/server',
  system: 'trpc',
  files: [
    {
      file: '@trpc/server/dist/index',
      class: (exports) => (exports as Exports).initTRPC.constructor,
      methods: { create: { gives: { router, mergeRouters: router } } },
    },
  ],
});
