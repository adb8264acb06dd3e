// Observes the events of an emitter, and makes its listeners run in a context, without adding a listener.
import type { EventEmitter } from 'node:events';

import { type Context, nobody, runIn } from '../trace/context.js';
import type { Guard } from './guard.js';

type Emit = EventEmitter['emit'];

/**
 * Makes an emitter's listeners run in a context, and shows its events to an observer. An `emit` on the object itself
 * does both. Unlike a listener, it is not counted, cannot swallow an `error`, and does not make Node keep a response
 * that nobody reads. The context holds even if Node emits from a socket that other requests share.
 *
 * @param observe sees each event before the listeners do
 * @param isShared whether an event may belong to any request, and not to that context
 * @returns whether the emitter is bound: a frozen or sealed object cannot be
 */
export function bindEmitter(
  emitter: EventEmitter,
  context: Context | undefined,
  guard: Guard,
  observe?: (event: unknown, first: unknown, second: unknown) => unknown,
  isShared?: (event: unknown) => boolean,
): boolean {
  const original = emitter.emit;
  // It has one named parameter, like Node's own.
  function emit(this: EventEmitter, event: unknown): boolean {
    const args = arguments as unknown as Parameters<Emit>;
    if (observe !== undefined && !guard.off) {
      try {
        observe(event, args[1], args[2]);
      } catch (error) {
        guard.fail(error);
      }
    }
    const place = isShared?.(event) === true ? nobody() : context;
    return runIn(place, isInherited ? inheritedEmit(emitter) : original, this, args);
  }
  const isInherited = !Object.hasOwn(emitter, 'emit');
  // It is not enumerable, like the inherited one: applications print and copy such objects.
  return Reflect.defineProperty(emitter, 'emit', { value: emit, configurable: true, writable: true });
}

/**
 * The inherited `emit` is looked up for each event: web frameworks give a request another prototype after it was
 * bound.
 */
function inheritedEmit(emitter: EventEmitter): Emit {
  return (Object.getPrototypeOf(emitter) as EventEmitter).emit;
}
