// The contract of remote procedure calls and messages, `rpc({ … })`, for both of their sides, and what makes hooks of
// such data. The caller's side is hooked as a database's method is; the callee's is a function that the application
// registers, or a method of the library's own, which is called for each call or message.
import { carriedIn } from '../../trace/carried.js';
import { cancelled, ending } from '../../trace/cancelled.js';
import { type Context, requestDefault, runIn, tracedBy } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { FixedInfo, cut } from '../../trace/info.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import { watch } from '../../trace/returned.js';
import { createStamp } from '../../trace/stamp.js';
import { release, tracing } from '../../trace/trace.js';
import type { Fact, PointInfo, PointStart, StopInfo } from '../../trace/vocabulary.js';
import type { Callback, End, MethodHook } from '../calls/call.js';
import { hookMethod } from '../calls/method.js';
import { type Guard, createGuard, guarded } from '../guard.js';
import type { Instrumentation } from '../loading/modules.js';
import { lookalike, patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, type TargetFile, fileHook, nameOf } from './files.js';
import { type Carrying, type RpcWriting, carry, hookWriting, willWrite } from './rpc-carrying.js';

/**
 * What is called, in the words of both points. What a point says of it is encoded once for each object: give the same
 * one each time where you can.
 */
export interface Callee {
  readonly service?: string;
  readonly method?: string;
  /** Where a message goes: a queue, a subject, a topic. */
  readonly destination?: string;
  /** How often a message has been handled, this time included. */
  readonly attempt?: number;
  /** How many messages one call sends, or one function handles, where that may be several. */
  readonly messages?: number;
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
  readonly kind: 'client' | 'producer' | 'consumer';
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
  /** How a message carries the trace on; `within`: another method writes it, which is an `RpcWriting`. */
  readonly carries?: Carrying | 'within';
}

/**
 * A method by which the application registers a function that serves calls or handles messages, or the method by which
 * the library itself does that.
 */
export interface RpcHandler {
  readonly kind: 'server' | 'consumer';
  /** Which of the method's arguments is that function; `method`: it is the method itself. */
  readonly handler: number | 'method';
  /** What it serves, by the arguments of the method. */
  callee(args: readonly unknown[], self: object): Callee;
  /**
   * What holds the received headers in the function's first argument; undefined where no trace is among them. It is
   * asked for each call, also while nothing is traced.
   */
  extract(first: unknown): unknown;
  /**
   * Watches a call for its end; false where nothing tells of that: the point then ends when the function returns.
   * `promise`: it ends when the promise settles that the function gives. Only where the library itself waits for that.
   */
  readonly ends: 'promise' | { of(serving: Serving): boolean }['of'];
  /** How a call ended by an error of the function; undefined where the error tells nothing but itself. */
  failed?(error: unknown): Outcome | undefined;
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
export type RpcFile = TargetFile<RpcCall | RpcHandler | RpcWriting>;

/** The instrumentation of a library for remote procedure calls or messages, as data. */
export interface Rpc {
  /** The package that the user's code names; calls within its calls are parts of them. */
  readonly library: string;
  /** OpenTelemetry's name of the protocol or the broker: `grpc`, `rabbitmq`. */
  readonly system: string;
  readonly files: readonly RpcFile[];
}

/** Makes the instrumentation of a library for remote procedure calls or messages: `rpc` points on both sides. */
export function rpc(definition: Rpc): Instrumentation {
  return {
    hooks: (agent) =>
      definition.files.map((file) =>
        fileHook(file, agent, () => (owner, name, method) => {
          if ('handler' in method) hookHandler(definition, agent, owner, name, method);
          else if ('writes' in method) hookWriting(definition.library, agent, owner, name, method);
          else hookMethod(owner, name, callHook(definition, agent, owner, name, method));
        }),
      ),
  };
}

const none: readonly PointStart[] = [];

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
        if (carries === 'within') willWrite(call);
        else guarded(call.guard, () => carry(agent, carries, call));
        return call.proceed();
      },
    }),
  };
}

/** Gives the points of calls. All calls of one callee say the same at their start. */
function startsOf(
  kind: (RpcCall | RpcHandler)['kind'],
  system: string,
): (callee: Callee) => readonly PointStart[] {
  const known = createStamp<readonly PointStart[]>();
  return (callee) => {
    let starts = known.of(callee);
    if (starts === undefined) {
      const { service, method, destination, attempt, messages } = callee;
      const said: PointInfo<'rpc'> = {
        rpc: { kind, system, service, method, destination, attempt, messages },
      };
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
  const { handler: which } = method;
  const startFor = (args: readonly unknown[], self: object): PointStart =>
    startOf(method.callee(args, self))[0]!;
  if (which === 'method') {
    patch(owner, name, (original) => {
      const register: Register = (self, args) => ({ self, args, start: startFor(args, self) });
      const serving = servingHandler(method, agent, guard, register, original);
      return {
        method(this: unknown) {
          return Reflect.apply(serving, this, arguments as unknown as unknown[]);
        },
      }.method;
    });
    return;
  }
  patch(owner, name, (original) =>
    lookalike(original, (self, args) => {
      const given = args[which];
      if (typeof given === 'function') {
        const handler = guarded(guard, () => {
          const owned = self as object;
          const once = { self: owned, args: [...args], start: startFor(args, owned) };
          return servingHandler(method, agent, guard, () => once, given as Callback);
        });
        if (handler !== undefined) args[which] = handler;
      }
      return Reflect.apply(original, self, args);
    }),
  );
}

/** How a function was registered, for one of its calls, and the point that the call becomes. */
type Register = (self: object, args: readonly unknown[]) => Registered & { readonly start: PointStart };

/** A function that serves calls where their callers' points stand, and is a point itself. */
function servingHandler(
  method: RpcHandler,
  agent: AgentPort,
  guard: Guard,
  register: Register,
  handler: Callback,
): Callback {
  const receivedIn = (first: unknown): unknown => {
    try {
      return method.extract(first);
    } catch (error) {
      guard.fail(error);
      return undefined;
    }
  };
  const servedCall = (self: unknown, args: unknown[], received: unknown): unknown => {
    const signed = received === undefined ? undefined : agent.verify(carriedIn(received));
    const root = signed && tracedBy(signed);
    try {
      // The connection may be one that a traced request has opened: its events are nobody's.
      const parent = root ?? requestDefault();
      const registered = parent && guarded(guard, () => register(self as object, args));
      if (registered === undefined) return runIn(parent, handler, self, args);
      const point = startPoint('rpc', parent!, registered.start.info as PointInfo<'rpc'>);
      return serve(method, guard, registered, point, handler, self, args);
    } finally {
      if (root !== undefined) release(root.trace);
    }
  };
  // Nothing is allocated here while nothing is traced: the arguments are no object of their own then.
  return function () {
    const received = guard.off ? undefined : receivedIn(arguments[0]);
    return guard.off || (tracing.live === 0 && received === undefined)
      ? Reflect.apply(handler, this, arguments as unknown as unknown[])
      : servedCall(this, Array.from(arguments), received);
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
  const { ends } = method;
  const stop = (outcome: Outcome): void =>
    stopPoint(
      point,
      guarded(guard, () => stopOf(outcome, context)),
    );
  const failedBy = (error: unknown): Payload => {
    const outcome = guarded(guard, () => method.failed?.(error));
    return outcome === undefined ? ending(error) : stopOf(outcome, context);
  };
  let isOver =
    ends === 'promise' || guarded(guard, () => ends({ args, registered, guard, context, stop })) !== true;
  let seen: Payload;
  try {
    const result = runIn(context, handler, self, args);
    if (ends === 'promise') {
      isOver = !watch(
        result,
        () => stopPoint(point),
        (error) => stopPoint(point, failedBy(error)),
      );
    }
    return result;
  } catch (error) {
    seen = failedBy(error);
    // A server's library makes a status of it, and so it is that which tells of the end.
    if (method.kind === 'consumer') isOver = true;
    throw error;
  } finally {
    if (isOver) stopPoint(point, seen);
  }
}
