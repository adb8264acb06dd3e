// Messages that are taken from an asynchronous iterator, as by `for await`: the body of the loop is the handling.
//
// A loop waits for its next message in its own context, and goes on there. The one moment at which our code runs where
// the body is about to run is when the loop reads the `value` of the iterator's result. That is an accessor, which
// enters the message's context. Asking for the next message, or leaving the loop, leads back.
import { executionAsyncId, executionAsyncResource } from 'node:async_hooks';

import { type Context, enter, place, rootContext, runIn } from '../../trace/context.js';
import { Trace, tracing } from '../../trace/trace.js';
import type { Callback } from '../calls/call.js';
import { type Guard, createGuard, guarded } from '../guard.js';
import { lookalike, patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, nameOf } from './files.js';
import {
  type Handled,
  beginHandling,
  endHandling,
  signedIn,
  startsOfHandling,
  withParent,
} from './rpc-callee.js';
import type { Callee, Registered, Rpc, RpcIteration } from './rpc-contract.js';

// Taken at the start, because tests put timers of their own in its place.
const { setImmediate: later } = globalThis;

/** Hooks a method that gives an asynchronous iterator of messages. */
export function hookIteration(
  { library, system }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  method: RpcIteration,
): void {
  const guard = createGuard(`${library} ${nameOf(owner, name)}`);
  const startOf = startsOfHandling(system);
  const handing = (registered: Registered, callee: Callee): Handing => ({
    receivedIn: (message) => method.receivedIn(message),
    begin: (message, received) =>
      withParent(signedIn(agent, received), (parent) => {
        if (parent === undefined) return undefined;
        const start = startOf(method.kindOf(message), callee);
        return beginHandling(method, guard, registered, start, parent, [message]);
      }),
  });
  patch(owner, name, (original) =>
    lookalike(original, (self, args) => {
      const iterator: unknown = Reflect.apply(original, self, args);
      guarded(guard, () => {
        const callee = method.calleeOf(self as object);
        if (callee === undefined) return;
        const registered = { self: self as object, args: [...args] };
        watch(iterator as Iterator, guard, handing(registered, callee));
      });
      return iterator;
    }),
  );
}

type Iterator = Record<'next' | 'return' | 'throw', Callback | undefined>;

/** The functions that handle the messages of an iterator. */
interface Handing {
  receivedIn(message: unknown): unknown;
  /** Begins the point of a message; undefined for a message that is in no trace. */
  begin(message: unknown, received: unknown): Handled | undefined;
}

interface Result {
  readonly done?: unknown;
  readonly value?: unknown;
}

/** Puts methods on an iterator itself that follow its messages. */
function watch(iterator: Iterator, guard: Guard, handing: Handing): void {
  const taking = new Taking(guard, handing);
  const give = (result: Result): unknown => taking.give(result);
  const { next, return: leave, throw: fail } = iterator as { [Name in keyof Iterator]: Callback };
  put(iterator, 'next', function (this: unknown) {
    taking.ask();
    const result = Reflect.apply(next, this, arguments as unknown as unknown[]);
    // The caller gets this promise alone, and nobody else handles the iterator's own.
    return result instanceof Promise ? result.then(give as never) : result;
  });
  const leaving = (method: Callback): Callback =>
    function (this: unknown) {
      taking.leave();
      return Reflect.apply(method, this, arguments as unknown as unknown[]);
    };
  put(iterator, 'return', leaving(leave));
  put(iterator, 'throw', leaving(fail));
}

function put(iterator: Iterator, name: keyof Iterator, method: Callback): void {
  for (const key of ['name', 'length']) {
    Object.defineProperty(method, key, Object.getOwnPropertyDescriptor(iterator[name], key)!);
  }
  const enumerable = Object.prototype.propertyIsEnumerable.call(iterator, name);
  Object.defineProperty(iterator, name, { value: method, configurable: true, enumerable, writable: true });
}

/** How far an iterator's messages are taken. */
class Taking {
  readonly #guard: Guard;
  readonly #handing: Handing;
  /** The message that was given last. */
  #handled: Handled | undefined;
  /** Where its body runs, and where the loop was before. */
  #entered: Context | undefined;
  #outer: Context | undefined;
  /** How many results were asked for and have not come. */
  #asked = 0;
  /** One of them was asked for while nothing was traced. */
  #isAskedIdle = false;
  /** A place outside of any trace, which is told from those of others. */
  #outside: Context | undefined;

  constructor(guard: Guard, handing: Handing) {
    this.#guard = guard;
    this.#handing = handing;
  }

  /** The next result is asked for. */
  ask(): void {
    this.leave();
    if (this.#asked++ === 0) this.#isAskedIdle = false;
    if (tracing.live === 0) this.#isAskedIdle = true;
  }

  /** The body of the last message is over. */
  leave(): void {
    const handled = this.#handled;
    // Code that is elsewhere stays there: it may be another one that asks.
    if (this.#entered !== undefined && place() === this.#entered) enter(this.#outer);
    this.#entered = undefined;
    this.#outer = undefined;
    this.#handled = undefined;
    if (handled !== undefined && !handled.isWatched) endHandling(handled.point);
  }

  /** A result has come: gives it, or a promise of it. */
  give(result: Result): unknown {
    this.#asked--;
    if (this.#guard.off || result.done === true) return result;
    const message = result.value;
    const received = guarded(this.#guard, () => this.#handing.receivedIn(message));
    if (tracing.live === 0 && received === undefined) return result;
    return guarded(this.#guard, () => this.#hand(result, message, received)) ?? result;
  }

  #hand(result: Result, message: unknown, received: unknown): unknown {
    const handled = this.#handing.begin(message, received);
    this.#handled = handled;
    Object.defineProperty(result, 'value', {
      configurable: true,
      enumerable: true,
      get: () => {
        Object.defineProperty(result, 'value', {
          value: message,
          configurable: true,
          enumerable: true,
          writable: true,
        });
        guarded(this.#guard, () => this.#enter(handled));
        return message;
      },
    });
    if (handled === undefined || !this.#isAskedIdle || !isStoredOnResource(handled.point.context))
      return result;
    return new Promise((resolve) => later(resolve, result));
  }

  /** Enters the place of a message's body. */
  #enter(handled: Handled | undefined): void {
    const outer = place();
    // A loop that a traced request began is outside of any trace while it handles a message that is in none.
    const context = handled?.point.context ?? (outer && (this.#outside ??= placeOutside()));
    if (context === undefined) return;
    this.#entered = context;
    this.#outer = outer;
    enterAlone(context);
  }
}

function placeOutside(): Context {
  const trace = new Trace('00000000-0000-0000-0000-000000000000', '');
  trace.isOver = true;
  // It neither counts as gone nor counts calls.
  trace.usedAt = Infinity;
  trace.closedAt = -Infinity;
  return rootContext(trace, trace.base_id);
}

// Before AsyncContextFrame (Node 24), Node keeps a storage's value with the resource whose callback runs. For code that
// began to wait while no storage was in use it knows of no resource, and all such code then shares one. What a loop
// enters there would hold for code of others, whose turn comes next. So that there are no others, the first message is
// given in a turn of its own, and what is stored is taken away as soon as the loop waits.

let isOnResource: boolean | undefined;

/** Whether Node keeps what is stored with resources. */
function isStoredOnResource(context: Context): boolean {
  return (isOnResource ??= runIn(
    context,
    () => storedOn(executionAsyncResource(), context) !== undefined,
    undefined,
    [],
  ));
}

/** The key by which a resource has a context. */
function storedOn(resource: object, context: Context): symbol | undefined {
  return Object.getOwnPropertySymbols(resource).find(
    (key) => (resource as Record<symbol, unknown>)[key] === context,
  );
}

/** Enters a context, and no other code with it. */
function enterAlone(context: Context): void {
  enter(context);
  if (executionAsyncId() !== 0) return;
  const resource = executionAsyncResource() as Record<symbol, unknown>;
  const key = storedOn(resource, context);
  if (key === undefined) return;
  queueMicrotask(() => {
    resource[key] = undefined;
  });
}
