// Functions that handle messages and are given to a library among options: one message at a time, or a batch of them.
import { ending } from '../../trace/cancelled.js';
import { requestDefault, runIn } from '../../trace/context.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import { watch } from '../../trace/returned.js';
import { tracing } from '../../trace/trace.js';
import type { Callback } from '../calls/call.js';
import { type Guard, createGuard, guarded } from '../guard.js';
import { lookalike, patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { viewWith } from '../view.js';
import { type Owner, nameOf } from './files.js';
import { withSenders } from './rpc-batch.js';
import { signedIn, withParent } from './rpc-callee.js';
import type { Registration, Rpc, RpcRegistration } from './rpc-contract.js';
import { startInfo } from './rpc-words.js';

/** Hooks a method by which the application registers functions among options. */
export function hookRegistration(
  { library, system }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  { registers }: RpcRegistration,
): void {
  const guard = createGuard(`${library} ${nameOf(owner, name)}`);
  const handlersIn = (options: Readonly<Record<string, unknown>>): Record<string, Callback> =>
    Object.fromEntries(
      Object.entries(registers).flatMap(([property, registration]) => {
        const handler = options[property];
        return typeof handler === 'function'
          ? [[property, handling(registration, system, agent, guard, handler as Callback)]]
          : [];
      }),
    );
  patch(owner, name, (original) =>
    lookalike(original, (self, args) => {
      guarded(guard, () => {
        const [options] = args;
        if (typeof options !== 'object' || options === null) return;
        args[0] = viewWith(options, handlersIn(options as Readonly<Record<string, unknown>>));
      });
      return runIn(requestDefault(), original, self, args);
    }),
  );
}

/** A function that handles messages where their senders' points stand, and is a point itself. */
function handling(
  registration: Registration,
  system: string,
  agent: AgentPort,
  guard: Guard,
  handler: Callback,
): Callback {
  const { isBatch } = registration;
  const receivedWith = (first: unknown): unknown => {
    try {
      return registration.extract(first);
    } catch (error) {
      guard.fail(error);
      return undefined;
    }
  };
  const one = (self: unknown, args: unknown[], received: unknown): unknown =>
    withParent(signedIn(agent, received), (parent) => {
      const callee = parent && guarded(guard, () => registration.calleeOf(args[0]));
      if (callee === undefined) return runIn(parent, handler, self, args);
      const point = startPoint('rpc', parent!, startInfo('consumer', system, callee));
      return within([point], handler, self, args);
    });
  const batch = (self: unknown, args: unknown[], received: unknown): unknown =>
    withSenders(agent, received as Iterable<unknown> | undefined, ({ parent, links, others }) => {
      const callee = parent && guarded(guard, () => registration.calleeOf(args[0]));
      if (callee === undefined) return runIn(parent, handler, self, args);
      const all = links.length === 0 ? callee : { ...callee, links };
      const point = startPoint('rpc', parent!, startInfo('consumer', system, all));
      const { trace, id } = point.context;
      const there = { ...callee, links: [{ base_id: trace.base_id, trace_id: id.text }] };
      const marks = others.map((place) => startPoint('rpc', place, startInfo('consumer', system, there)));
      return within([point, ...marks], handler, self, args);
    });
  const serve = isBatch === true ? batch : one;
  // Nothing is allocated here while nothing is traced: the arguments are no object of their own then.
  return function () {
    const received = guard.off ? undefined : receivedWith(arguments[0]);
    return guard.off || (tracing.live === 0 && received === undefined)
      ? Reflect.apply(handler, this, arguments as unknown as unknown[])
      : serve(this, Array.from(arguments), received);
  };
}

/** Calls a function within the first of its points, and stops all of them when its promise settles. */
function within(points: readonly [Point, ...Point[]], fn: Callback, self: unknown, args: unknown[]): unknown {
  const stop = (said?: Payload): void => {
    for (const point of points) stopPoint(point, said);
  };
  try {
    const result = runIn(points[0].context, fn, self, args);
    const isWatched = watch(
      result,
      () => stop(),
      (error) => stop(ending(error)),
    );
    if (!isWatched) stop();
    return result;
  } catch (error) {
    stop(ending(error));
    throw error;
  }
}
