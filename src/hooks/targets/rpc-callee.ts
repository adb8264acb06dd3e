// The callee's side: calls that are served and messages that are handled, by functions that the application registers or
// by what it does within a method of the library's.
import { carriedIn } from '../../trace/carried.js';
import { ending } from '../../trace/cancelled.js';
import { type Context, requestDefault, runIn, tracedBy } from '../../trace/context.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import { watch } from '../../trace/returned.js';
import type { VerifiedTrace } from '../../trace/signing.js';
import { release, tracing } from '../../trace/trace.js';
import type { PointInfo, PointStart } from '../../trace/vocabulary.js';
import type { Callback } from '../calls/call.js';
import { type Guard, createGuard, guarded } from '../guard.js';
import { lookalike, patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, nameOf } from './files.js';
import { keepUntilQuiet } from './late-work.js';
import type {
  Callee,
  HandledKind,
  Outcome,
  Registered,
  Rpc,
  RpcDelivery,
  RpcHandler,
} from './rpc-contract.js';
import { startsOf, stopOf } from './rpc-words.js';

/** Hooks a method by which the application registers a function that serves calls or handles messages. */
export function hookHandler(
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
  const signedBy = (first: unknown): VerifiedTrace | undefined => {
    try {
      return signedIn(agent, method.extract(first)) ?? readContent?.(method.content!(first));
    } catch (error) {
      guard.fail(error);
      return undefined;
    }
  };
  // A server's library makes a status of what is thrown, and so it is that which tells of the end.
  const isOverByError = method.kind === 'consumer';
  // Nothing is allocated here while nothing is traced: the arguments are no object of their own then.
  return function () {
    const signed = guard.off ? undefined : signedBy(arguments[0]);
    if (guard.off || (tracing.live === 0 && signed === undefined)) {
      return Reflect.apply(handler, this, arguments as unknown as unknown[]);
    }
    const args = Array.from(arguments) as unknown[];
    const begin = (parent: Context): Handled => beginHandling(method, guard, registered, start, parent, args);
    return handle(signed, begin, isOverByError, handler, this, args);
  };
}

/** Hooks a method by which the library hands messages over. */
export function hookDelivery(
  { library, system }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  method: RpcDelivery,
): void {
  const guard = createGuard(`${library} ${nameOf(owner, name)}`);
  const startOf = startsOfHandling(system);
  const deliver = (original: Callback, self: object, args: unknown[], received: unknown): unknown => {
    const start = guarded(guard, () => {
      const callee = method.callee(args, self);
      return callee && startOf(method.kindOf(args, self), callee);
    });
    if (start === undefined) return Reflect.apply(original, self, args);
    const begin = (parent: Context): Handled =>
      beginHandling(method, guard, { self, args }, start, parent, args);
    return handle(signedIn(agent, received), begin, true, original, self, args);
  };
  const receivedIn: RpcDelivery['receivedIn'] = (self, first, second, third, fourth) => {
    try {
      return method.receivedIn(self, first, second, third, fourth);
    } catch (error) {
      guard.fail(error);
      return undefined;
    }
  };
  // As above, nothing is allocated here while nothing is traced.
  patch(owner, name, (original) => {
    const { delivering } = {
      delivering(this: object) {
        const received = guard.off
          ? undefined
          : receivedIn(this, arguments[0], arguments[1], arguments[2], arguments[3]);
        return guard.off || (tracing.live === 0 && received === undefined)
          ? Reflect.apply(original, this, arguments as unknown as unknown[])
          : deliver(original, this, Array.from(arguments), received);
      },
    };
    return delivering as Callback;
  });
}

/** Gives the start of a point by its side and by what is handled. */
export function startsOfHandling(system: string): (kind: HandledKind, callee: Callee) => PointStart {
  const starts = { server: startsOf('server', system), consumer: startsOf('consumer', system) };
  return (kind, callee) => starts[kind](callee)[0]!;
}

/** A call or a message whose point has begun. */
export interface Handled {
  readonly point: Point;
  /** Something tells of its end. */
  readonly isWatched: boolean;
  /** Watches what the function gives; false where that tells of no end. Undefined if it is not to be looked at. */
  readonly watches?: ((result: unknown) => boolean) | undefined;
  /** The info for the stop of a point whose function has thrown. */
  failedBy?(error: unknown): Payload;
}

/** Begins the point of a call or a message. */
export function beginHandling(
  { ends, failed }: Pick<RpcDelivery, 'ends' | 'failed'>,
  guard: Guard,
  registered: Registered,
  { info }: PointStart,
  parent: Context,
  args: readonly unknown[],
): Handled {
  const point = startPoint('rpc', parent, info as PointInfo<'rpc'>);
  const { context } = point;
  const stop = (outcome: Outcome): void =>
    stopPoint(
      point,
      guarded(guard, () => stopOf(outcome, context)),
    );
  const failedBy = (error: unknown): Payload => {
    const outcome = guarded(guard, () => failed?.(error));
    return outcome === undefined ? ending(error) : stopOf(outcome, context);
  };
  if (ends === 'promise') {
    const watches = (result: unknown): boolean =>
      watch(
        result,
        () => stopPoint(point),
        (error) => stopPoint(point, failedBy(error)),
      );
    return { point, isWatched: false, watches, failedBy };
  }
  const isWatched = guarded(guard, () => ends({ args, registered, guard, context, stop })) === true;
  return { point, isWatched, failedBy };
}

/** The trace that received headers name, if they are signed. */
export const signedIn = (agent: AgentPort, received: unknown): VerifiedTrace | undefined =>
  received === undefined ? undefined : agent.verify(carriedIn(received));

/**
 * Gives the place of a call or a message: in the trace that its signed headers name, in the process's own, or in none.
 * The connection may be one that a traced request has opened: its events are nobody's.
 */
export function withParent<Result>(
  signed: VerifiedTrace | undefined,
  body: (parent: Context | undefined) => Result,
): Result {
  const root = signed && tracedBy(signed);
  try {
    return body(root ?? requestDefault());
  } finally {
    if (root !== undefined) release(root.trace);
  }
}

function handle(
  signed: VerifiedTrace | undefined,
  begin: (parent: Context) => Handled,
  isOverByError: boolean,
  fn: Callback,
  self: unknown,
  args: unknown[],
): unknown {
  return withParent(signed, (parent) => {
    if (parent === undefined) return runIn(undefined, fn, self, args);
    const { point, isWatched, watches, failedBy } = begin(parent);
    let isOver = !isWatched;
    let seen: Payload;
    try {
      const result = runIn(point.context, fn, self, args);
      if (watches?.(result) === true) isOver = false;
      return result;
    } catch (error) {
      seen = failedBy?.(error) ?? ending(error);
      isOver ||= isOverByError;
      throw error;
    } finally {
      if (isOver) endHandling(point, seen);
    }
  });
}

/** Ends the point of a call or a message of whose end nothing else tells. */
export function endHandling(point: Point, seen?: Payload): void {
  keepUntilQuiet(point.context.trace);
  stopPoint(point, seen);
}
