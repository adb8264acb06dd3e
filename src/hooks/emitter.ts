import type { EventEmitter } from 'node:events';

import { type Context, nobody, runIn } from '../trace/context.js';
import type { Guard } from './guard.js';

type Emit = EventEmitter['emit'];

/**
 * Makes an emitter's listeners run in a context, and shows its events to an observer. An own `emit` does
 * both: unlike a listener it is not counted, can't swallow an `error`, keeps a response unread that nobody
 * reads, and the context holds even where Node emits from a socket that other requests share.
 *
 * @param observe sees each event before the listeners do
 * @param isShared whether an event is not that context's, but may be anybody's
 * @returns whether it is done: nothing can be put on an object that was frozen or sealed
 */
export function bindEmitter(
  emitter: EventEmitter,
  context: Context | undefined,
  guard: Guard,
  observe?: (event: unknown, first: unknown, second: unknown) => unknown,
  isShared?: (event: unknown) => boolean,
): boolean {
  const original = emitter.emit;
  // With one named parameter, as Node's own.
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
  // Hidden, as the inherited one is: applications print and copy such objects.
  return Reflect.defineProperty(emitter, 'emit', { value: emit, configurable: true, writable: true });
}

/** Looked up anew for each event: web frameworks give a request another prototype after it was bound. */
function inheritedEmit(emitter: EventEmitter): Emit {
  return (Object.getPrototypeOf(emitter) as EventEmitter).emit;
}
