// A part of `grpc.ts`: a call that is served. One thing is peculiar: what is sent to the client is known by the stream
// of HTTP/2 alone, as interceptors, the serializer and the deadline have a say after the application's function.
import { bindEmitter } from '../src/hooks/emitter.js';
import type { AgentPort } from '../src/hooks/port.js';
import { aborted } from '../src/hooks/targets/http.js';
import type { Outcome, Serving } from '../src/hooks/targets/rpc.js';
import { patch } from '../src/hooks/patch.js';
import { infoName } from '../src/trace/headers.js';
import type { Callback } from '../src/hooks/calls/call.js';
import { statusOf } from './grpc-status.js';

/** What the application's function is given first. */
interface ServerCall {
  readonly metadata?: { readonly internalRepr?: ReadonlyMap<string, unknown> };
  readonly call?: Nested;
  /** There is none before 1.2. */
  getDeadline?(): Date | number;
}

/** A call of the library's own; each interceptor has one around the next one. */
interface Nested {
  readonly nextCall?: Nested;
  readonly stream?: Stream;
}

/** What is used of a stream of HTTP/2; `node:http2` is not loaded for it. */
interface Stream {
  readonly session?: { readonly destroyed: boolean } | null;
  readonly destroyed: boolean;
  readonly rstCode?: number;
  readonly sentHeaders?: Headers;
  readonly sentTrailers?: Headers;
}

type Headers = Readonly<Record<string, unknown>>;

/** Has the servers that gRPC makes known: what they serve has no point as HTTP. */
export function markServers(prototype: object, _load: unknown, agent: AgentPort): void {
  patch(
    prototype as { _setupHandlers: Callback },
    '_setupHandlers',
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
        const [server] = args;
        if (typeof server === 'object' && server !== null) agent.rpcServers.put(server, true);
        return Reflect.apply(original, this, args);
      },
  );
}

/** The metadata of a call, where that names a trace. */
export function extract(call: unknown): unknown {
  const { metadata } = call as ServerCall;
  return metadata?.internalRepr?.has(infoName) === true ? metadata : undefined;
}

/** A call ends when its stream is closed. */
export function ends({ args, context, guard, stop }: Serving): boolean {
  const call = args[0] as ServerCall;
  let nested = call.call;
  while (nested?.nextCall !== undefined) nested = nested.nextCall;
  const stream = nested?.stream;
  if (stream === undefined || stream.destroyed) return false;
  // A stream that is closed has none any more.
  const { session } = stream;
  // Its deadline's timer was set before its function was called.
  bindEmitter(call as never, context, guard);
  return bindEmitter(stream as never, context, guard, (event) => {
    if (event === 'close') stop(outcomeOf(stream, session?.destroyed !== false, call));
  });
}

const cancelCode = 8;

function outcomeOf(stream: Stream, isDisconnected: boolean, call: ServerCall): Outcome {
  const { rstCode, sentHeaders, sentTrailers } = stream;
  const sent = [sentTrailers, sentHeaders].find((headers) => headers?.['grpc-status'] !== undefined);
  if (sent !== undefined) return statusOf(Number(sent['grpc-status']), messageIn(sent));
  // The client's deadline is the server's too, and which of the two tells the other is chance.
  if (Date.now() >= Number(call.getDeadline?.() ?? Infinity)) return statusOf(4, 'Deadline exceeded');
  if (rstCode === cancelCode && !isDisconnected) return { end: 'cancelled' };
  return { end: 'failed', etype: String(aborted['etype']), message: String(aborted['message']) };
}

/** A status' message is encoded as a URI is; a metadata of the application's may have put anything in its place. */
function messageIn(headers: Headers): unknown {
  const message = headers['grpc-message'];
  try {
    return typeof message === 'string' ? decodeURI(message) : undefined;
  } catch {
    return message;
  }
}
