// gRPC by @grpc/grpc-js 1: an `rpc` point for each call, at its client and at its server. `grpc-client.ts` follows a
// call through the library, `grpc-server.ts` has the end of one that is served.
import type { Context } from '../src/trace/context.js';
import { calleesByName } from '../src/hooks/targets/callees.js';
import { type Callee, type Outcome, type RpcCall, type RpcHandler, rpc } from '../src/hooks/targets/rpc.js';
import { callback, isGivenUp, stream, watchCall, watchChannel, watchConnection } from './grpc-client.js';
import { ends, extract, markServers } from './grpc-server.js';
import { statusOf } from './grpc-status.js';

const folder = '@grpc/grpc-js/build/src';

/** What a path names: `/shop.Orders/Get`. */
const ofPath = calleesByName((path) => {
  const [, service, method = path] = /^\/?(.*)\/([^/]*)$/s.exec(path) ?? [];
  return service === undefined ? { method } : { service, method };
});
const callee = ([path]: readonly unknown[]): Callee => ofPath(String(path));

function failed(error: unknown, context: Context): Outcome | undefined {
  const { code, details } = Object(error) as { code?: unknown; details?: unknown };
  // What is thrown before the call is made is no status.
  if (typeof code !== 'number') return undefined;
  const outcome = statusOf(code, details);
  return outcome.status === 'CANCELLED' && isGivenUp(context) ? { ...outcome, end: 'cancelled' } : outcome;
}

const call = { kind: 'client', callee, succeeded: () => statusOf(0), failed, callsOut: true } as const;
const withCallback: RpcCall = { ...call, ends: [callback] };
const withStream: RpcCall = { ...call, ends: [stream] };
const register: RpcHandler = { kind: 'server', handler: 1, callee, extract, ends };

const classOf =
  (name: string) =>
  (exports: object): unknown =>
    (exports as Readonly<Record<string, unknown>>)[name];

export const grpc = rpc({
  library: '@grpc/grpc-js',
  system: 'grpc',
  files: [
    {
      file: `${folder}/client`,
      class: classOf('Client'),
      methods: {
        makeUnaryRequest: withCallback,
        makeClientStreamRequest: withCallback,
        makeServerStreamRequest: withStream,
        makeBidiStreamRequest: withStream,
      },
    },
    { file: `${folder}/server`, class: classOf('Server'), methods: { register }, also: markServers },
    { file: `${folder}/channel`, class: classOf('ChannelImplementation'), also: watchChannel },
    // 1.8 has another class for the calls of a channel.
    { file: `${folder}/call-stream`, class: classOf('Http2CallStream'), also: watchCall },
    { file: `${folder}/resolving-call`, class: classOf('ResolvingCall'), also: watchCall },
    // A channel connects by promises, in the context of the call that needs it first, and then sends from there what
    // all other calls have asked meanwhile: that is nobody's.
    {
      file: `${folder}/resolving-load-balancer`,
      class: classOf('ResolvingLoadBalancer'),
      outside: { exitIdle: true, updateResolution: true },
    },
    {
      file: `${folder}/subchannel`,
      class: classOf('Subchannel'),
      outside: { startConnecting: true },
      also: watchConnection,
    },
  ],
});
