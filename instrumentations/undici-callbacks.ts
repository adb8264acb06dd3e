// A part of `undici.ts`: makes undici's callbacks run in the context of the request's caller. One thing is peculiar:
// the methods by which a request is told what happens differ by version.
import type { Callback } from '../src/hooks/calls/call.js';
import { type Guard, guarded } from '../src/hooks/guard.js';
import type { AgentPort } from '../src/hooks/port.js';
import type { Moment } from '../src/hooks/targets/connecting.js';
import type { OutgoingRequest } from '../src/hooks/targets/outgoing.js';
import type { Sender } from '../src/propagation/recipients.js';
import { type Context, runIn } from '../src/trace/context.js';

/** A request that is on its way. */
export interface Exchange {
  readonly sender: Sender;
  /** Undefined if the request only passes trace headers on. */
  readonly outgoing: OutgoingRequest | undefined;
  /** When it was made; undefined without a point. */
  readonly made: Moment | undefined;
  /** Whether the caller has asked to end the request. */
  isGivenUp: boolean;
  /** The guard of the request's copy of undici. */
  readonly guard: Guard;
}

/**
 * Makes the callbacks of a request run in its caller's context: a handler's methods, the listeners of a body, the
 * stream that a body is written to. All of them come through the request's own methods, whose names differ by
 * version, from a socket that another request may have opened.
 *
 * @param exchange is told when the connection is taken out of HTTP, which older versions do not publish, and when the
 *   request is given up by the function that its handler gets for that
 */
export function bind(
  request: object,
  caller: Context | undefined,
  exchange: Exchange | undefined,
  agent: AgentPort,
): void {
  const methods = request as unknown as Record<string, unknown>;
  let isWithin = false;
  // If a handler throws while it is called, undici itself calls this function: that is not the application's wish.
  const watched = (abort: Callback): Callback =>
    function (this: unknown, ...args: unknown[]) {
      if (exchange !== undefined && !isWithin) exchange.isGivenUp = true;
      return Reflect.apply(abort, this, args);
    };
  for (const name of methodsOf(Object.getPrototypeOf(request) as object)) {
    const original = methods[name] as Callback;
    const isSwitch = name === 'onUpgrade' || name === 'onRequestUpgrade';
    const isStart = name === 'onConnect' || name === 'onRequestStart';
    const value = function (this: unknown, ...args: unknown[]): unknown {
      if (exchange?.outgoing !== undefined) {
        const { outgoing, guard } = exchange;
        const [first] = args;
        if (isSwitch) guarded(guard, () => switched(outgoing, first));
        if (isStart && typeof first === 'function') args[0] = watched(first as Callback);
      }
      const wasWithin = isWithin;
      isWithin = !isStart;
      try {
        const result = runIn(caller, original, this, args);
        // Undici writes the request in the same turn, to a socket or to an HTTP/2 session.
        if (isStart) agent.writing.request = { sender: exchange?.sender };
        return result;
      } finally {
        isWithin = wasWithin;
      }
    };
    Object.defineProperty(request, name, { value, configurable: true, writable: true });
  }
}

/** The answer takes the connection out of HTTP. */
function switched(outgoing: OutgoingRequest, status: unknown): void {
  outgoing.answered(status);
  outgoing.stop();
}

const methodNames = new WeakMap<object, readonly string[]>();

/** The names of the methods by which a class of requests is told what happens: `onData`. */
function methodsOf(prototype: object): readonly string[] {
  let names = methodNames.get(prototype);
  if (names === undefined) {
    const all = prototype as Record<string, unknown>;
    names = Object.getOwnPropertyNames(prototype).filter((name) => /^on[A-Z]/.test(name));
    names = names.filter((name) => typeof all[name] === 'function');
    methodNames.set(prototype, names);
  }
  return names;
}
