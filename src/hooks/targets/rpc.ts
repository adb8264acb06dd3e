// The contract of remote procedure calls and messages, `rpc({ … })`, for both of their sides, and what makes hooks of
// such data. The caller's side is hooked as a database's method is; the callee's is a function that the application
// registers, which is called for each call or message.
import type { Socket } from 'node:net';

import { carriedIn } from '../../trace/carried.js';
import { cancelled, ending } from '../../trace/cancelled.js';
import { type Context, requestDefault, runIn, tracedBy } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { isTraceHeader } from '../../trace/headers.js';
import { FixedInfo, cut } from '../../trace/info.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import type { VerifiedTrace } from '../../trace/signing.js';
import { createStamp } from '../../trace/stamp.js';
import { release, tracing } from '../../trace/trace.js';
import type { Fact, PointInfo, PointStart, StopInfo } from '../../trace/vocabulary.js';
import type { Call, Callback, End, MethodHook } from '../calls/call.js';
import { hookMethod } from '../calls/method.js';
import type { PublishedHook } from '../calls/published.js';
import { type Guard, createGuard, guarded } from '../guard.js';
import type { Instrumentation } from '../loading/modules.js';
import { lookalike, patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, type TargetFile, fileHook, nameOf } from './files.js';

/**
 * What is called, in the words of both points. What a point says of it is encoded once for each object: give the same
 * one each time where you can.
 */
export interface Callee {
  readonly service?: string;
  readonly method?: string;
  /** Where a message goes: a queue, a subject, a topic. */
  readonly destination?: string;
}

/** How a call or the handling of a message ended. */
export interface Outcome {
  readonly end: 'done' | 'failed' | 'cancelled';
  /** The protocol's name of it: `OK`, `INVALID_ARGUMENT`; undefined where the other side said none. */
  readonly status?: string;
  /** The class of a failure; its status when not given. */
  readonly etype?: string;
  readonly message?: string;
  /** The callee itself has answered, so readers may wait for its points. */
  readonly isAnswered?: boolean;
}

/**
 * A method by which the application calls something, sends a message, or asks for one. Functions are given its
 * arguments.
 */
export interface RpcCall {
  /** `server` if the application hands a call that it has received to the method. */
  readonly kind: 'client' | 'producer' | 'consumer' | 'server';
  /** Undefined for a call that is not recorded. */
  callee(args: readonly unknown[], self: object): Callee | undefined;
  /** How a call tells its end: recognisers in order, the first that knows its kind. */
  readonly ends: readonly End[];
  /** How a call ended that gave a result. */
  succeeded?(result: unknown): Outcome;
  /** How a call ended by an error; undefined where the error tells nothing but itself. */
  failed?(error: unknown, context: Context): Outcome | undefined;
  /** The method calls the application on its way: what that calls by the same library are calls of their own. */
  readonly callsOut?: true;
  /** How a message carries the trace on. */
  readonly carries?: Carrying;
}

/** How a message carries the trace on, where it is known at the call whom it is sent to. */
export interface Carrying {
  /** The connection to the callee or to the broker: its host must be one that may have signed headers. */
  socket(self: object): Socket | undefined;
  /** The headers that the application has given. */
  headers(args: readonly unknown[]): object | null | undefined;
  /** Puts headers in the place of those, into our copy of the arguments; the application's own objects stay. */
  inject(args: unknown[], headers: object): void;
  /** Which argument is the message's content: a protocol in it may have a place for the trace. */
  readonly content?: number;
}

/** A method by which the application registers a function that serves calls, or handles messages. */
export interface RpcHandler {
  readonly kind: 'server' | 'consumer';
  /** Which of the method's arguments is that function. */
  readonly handler: number;
  /** What it serves, by the arguments that it is registered with. */
  callee(args: readonly unknown[], self: object): Callee;
  /**
   * What holds the received headers in the function's first argument; undefined where no trace is among them. It is
   * asked for each call, also while nothing is traced.
   */
  extract(first: unknown): unknown;
  /** The message's content, of that argument: a protocol in it may have a place for the trace. */
  content?(first: unknown): unknown;
  /** Watches a call for its end; false where nothing tells of that: the point then ends when the function returns. */
  ends(serving: Serving): boolean;
}

/** What is recorded of the calls of a TracingChannel. */
export interface RpcChannel extends Pick<RpcCall, 'kind' | 'succeeded'> {
  /** What is called, by the message of a call; undefined for one that is not recorded. */
  callee(message: object): Callee | undefined;
}

/** How a function was registered: by which object's method, and with which arguments. */
export interface Registered {
  readonly self: object;
  readonly args: readonly unknown[];
}

/** One call that a registered function serves. */
export interface Serving {
  /** What the function is called with. */
  readonly args: readonly unknown[];
  readonly registered: Registered;
  readonly guard: Guard;
  /** Where the function runs. */
  readonly context: Context;
  /** The call is over; only the first time counts. */
  stop(outcome: Outcome): void;
}

/** A file of a package, and what of the class that it exports makes calls or serves them. */
export type RpcFile = TargetFile<RpcCall | RpcHandler>;

/** The instrumentation of a library for remote procedure calls or messages, as data. */
export interface Rpc {
  /** The package that the user's code names; calls within its calls are parts of them. */
  readonly library: string;
  /** OpenTelemetry's name of the protocol or the broker: `grpc`, `rabbitmq`. */
  readonly system: string;
  readonly files: readonly RpcFile[];
  /** The TracingChannels on which the library publishes its calls, by their names: `graphql:execute`. */
  readonly channels?: Readonly<Record<string, RpcChannel>>;
}

/** Makes the instrumentation of a library for remote procedure calls or messages: `rpc` points on both sides. */
export function rpc(definition: Rpc): Instrumentation {
  return {
    hooks: (agent) =>
      definition.files.map((file) =>
        fileHook(
          file,
          agent,
          () => (owner, name, method) =>
            'handler' in method
              ? hookHandler(definition, agent, owner, name, method)
              : hookMethod(owner, name, callHook(definition, agent, owner, name, method)),
        ),
      ),
    channels: () =>
      Object.entries(definition.channels ?? {}).map(([name, channel]) =>
        publishedHook(definition, name, channel),
      ),
  };
}

const none: readonly PointStart[] = [];

/** Each published call is a point: a call within another one is published because it is a part worth seeing. */
function publishedHook(
  { system }: Rpc,
  channel: string,
  { kind, callee, succeeded }: RpcChannel,
): PublishedHook {
  const startOf = startsOf(kind, system);
  return {
    channel,
    library: '',
    start(message) {
      const called = callee(message);
      return called === undefined ? none : startOf(called);
    },
    stop: (message, context) =>
      succeeded && stopOf(succeeded((message as { readonly result?: unknown }).result), context),
  };
}

function callHook(
  { library, system }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  method: RpcCall,
): MethodHook {
  const { callsOut, carries, failed, succeeded } = method;
  const startOf = startsOf(method.kind, system);
  return {
    library,
    what: nameOf(owner, name),
    ends: method.ends,
    start(self, args, caller) {
      if (caller.library === library) return none;
      const callee = method.callee(args, self);
      return callee === undefined ? none : startOf(callee);
    },
    stop: (result, context) => succeeded && stopOf(succeeded(result), context),
    failed(error, context) {
      const outcome = failed?.(error, context);
      return outcome === undefined ? ending(error) : failureOf(outcome, context);
    },
    ...(callsOut === true && { callsOut: () => true }),
    ...(carries !== undefined && {
      around(call) {
        guarded(call.guard, () => carry(agent, carries, call));
        return call.proceed();
      },
    }),
  };
}

/** Puts the trace's headers into a message, if whoever can read them may have them. */
function carry(
  agent: AgentPort,
  { socket, headers, inject, content }: Carrying,
  { args, caller, context, self }: Call,
): void {
  const place = context ?? caller;
  if (place === undefined) return;
  const given = headers(args);
  const found = carriedIn(given);
  const sender = { context: place, isPoint: context !== undefined };
  const carried = agent.messageHeaders(sender, { socket: socket(self) }, (name) =>
    [found[name] ?? []].flat(),
  );
  if (carried === undefined) return;
  const others = Object.entries(given ?? {}).filter(([name]) => !isTraceHeader(name));
  const ours = Object.entries(carried).map(([name, value]) => [name.toLowerCase(), value] as const);
  inject(args, Object.fromEntries([...others, ...ours]));
  if (content !== undefined && agent.oslo?.write !== undefined) {
    args[content] = agent.oslo.write(args[content], sentBy(place)) ?? args[content];
  }
}

/** What names a place in a trace to somebody else. */
export const sentBy = ({ trace, id }: Context): VerifiedTrace => ({
  base_id: trace.base_id,
  parent_id: id.text,
  hmac_key: trace.hmac_key,
});

/** Gives the points of calls. All calls of one callee say the same at their start. */
export function startsOf(
  kind: (RpcCall | RpcHandler)['kind'],
  system: string,
): (callee: Callee) => readonly PointStart[] {
  const known = createStamp<readonly PointStart[]>();
  return (callee) => {
    let starts = known.of(callee);
    if (starts === undefined) {
      const { service, method, destination } = callee;
      const said: PointInfo<'rpc'> = { rpc: { kind, system, service, method, destination } };
      starts = [{ point: 'rpc', info: new FixedInfo(said) }];
      known.put(callee, starts);
    }
    return starts;
  };
}

/** What stops say of calls that are done, by their status: with and without a callee that has more to tell. */
const done = { signed: new Map<string, FixedInfo>(), alone: new Map<string, FixedInfo>() };
const mostStatuses = 100;

function stopOf(outcome: Outcome, context: Context): StopInfo {
  if (outcome.end !== 'done') return failureOf(outcome, context);
  const { status } = outcome;
  if (status === undefined) return undefined;
  const known = isSigned(outcome, context) ? done.signed : done.alone;
  let info = known.get(status);
  if (info === undefined) {
    info = new FixedInfo(wordsOf(outcome, context));
    if (known.size < mostStatuses) known.set(status, info);
  }
  return info;
}

function failureOf(outcome: Outcome, context: Context): Info {
  if (outcome.end === 'cancelled') return { ...cancelled, ...wordsOf(outcome, context) };
  const { status, etype = status ?? 'Error', message } = outcome;
  return { etype, message: message === undefined ? null : cut(message), ...wordsOf(outcome, context) };
}

/** What of a stop is the call's own. */
function wordsOf(
  outcome: Outcome,
  context: Context,
): { readonly rpc?: { readonly [Name in Fact<'rpc'>]?: unknown } } {
  const { status } = outcome;
  if (status === undefined) return {};
  return { rpc: isSigned(outcome, context) ? { status, signed: true } : { status } };
}

const isSigned = ({ isAnswered }: Outcome, { isCarriedOn }: Context): boolean =>
  isAnswered === true && isCarriedOn;

function hookHandler(
  { library, system }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  method: RpcHandler,
): void {
  const guard = createGuard(`${library} ${nameOf(owner, name)}`);
  const startOf = startsOf(method.kind, system);
  patch(owner, name, (original) =>
    lookalike(original, (self, args) => {
      const given = args[method.handler];
      if (typeof given === 'function') {
        const handler = guarded(guard, () => {
          const registered: Registered = { self: self as object, args: [...args] };
          const [start] = startOf(method.callee(args, registered.self));
          return servingHandler(method, agent, guard, registered, start!, given as Callback);
        });
        if (handler !== undefined) args[method.handler] = handler;
      }
      return Reflect.apply(original, self, args);
    }),
  );
}

/** A function that serves calls where their callers' points stand, and is a point itself. */
function servingHandler(
  method: RpcHandler,
  agent: AgentPort,
  guard: Guard,
  registered: Registered,
  start: PointStart,
  handler: Callback,
): Callback {
  const readContent = method.content && agent.oslo?.read;
  const signedIn = (first: unknown): VerifiedTrace | undefined => {
    try {
      const received = method.extract(first);
      const signed = received === undefined ? undefined : agent.verify(carriedIn(received));
      return signed ?? readContent?.(method.content!(first));
    } catch (error) {
      guard.fail(error);
      return undefined;
    }
  };
  const servedCall = (self: unknown, args: unknown[], signed: VerifiedTrace | undefined): unknown => {
    const root = signed && tracedBy(signed);
    try {
      // The connection may be one that a traced request has opened: its events are nobody's.
      const parent = root ?? requestDefault();
      if (parent === undefined) return runIn(undefined, handler, self, args);
      const point = startPoint('rpc', parent, start.info as PointInfo<'rpc'>);
      return serve(method, guard, registered, point, handler, self, args);
    } finally {
      if (root !== undefined) release(root.trace);
    }
  };
  // Nothing is allocated here while nothing is traced: the arguments are no object of their own then.
  return function () {
    const signed = guard.off ? undefined : signedIn(arguments[0]);
    return guard.off || (tracing.live === 0 && signed === undefined)
      ? Reflect.apply(handler, this, arguments as unknown as unknown[])
      : servedCall(this, Array.from(arguments), signed);
  };
}

function serve(
  method: RpcHandler,
  guard: Guard,
  registered: Registered,
  point: Point,
  handler: Callback,
  self: unknown,
  args: unknown[],
): unknown {
  const { context } = point;
  const stop = (outcome: Outcome): void =>
    stopPoint(
      point,
      guarded(guard, () => stopOf(outcome, context)),
    );
  let isOver = guarded(guard, () => method.ends({ args, registered, guard, context, stop })) !== true;
  let seen: Payload;
  try {
    return runIn(context, handler, self, args);
  } catch (error) {
    seen = ending(error);
    // A server's library makes a status of it, and so it is that which tells of the end.
    if (method.kind === 'consumer') isOver = true;
    throw error;
  } finally {
    if (isOver) stopPoint(point, seen);
  }
}
