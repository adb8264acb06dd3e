// Tells the hooks of a library's object what only another object of that library knows: on which of them the
// application calls a method, and what it was made from.
import { gated } from './method.js';
import { read } from '../guard.js';
import { lookalike, patch } from '../patch.js';
import type { Callback } from './call.js';

/** The object on which the innermost of the noted methods runs. */
let innermost: object | undefined;

/**
 * The object on which a noted method runs, such as the client whose queue is asked; undefined while none runs, and
 * while nothing is live.
 */
export const running = (): object | undefined => innermost;

function runOn(self: unknown, original: Callback, args: unknown[]): unknown {
  const outer = innermost;
  innermost = self as object;
  try {
    return Reflect.apply(original, self, args);
  } finally {
    innermost = outer;
  }
}

/** Notes the object of a method while it runs, up to its first `await`. */
export function noteRunning<Owner extends object>(owner: Owner, method: keyof Owner & string): void {
  patch(owner, method, (original) => gated(original, (self, args) => runOn(self, original, args)));
}

/** The same for a function that a method is given in a property of its first argument, an object of the library's. */
export function noteRunningIn<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  property: string,
): void {
  patch(owner, method, (original) =>
    lookalike(original, (self, [given, ...others]) => {
      const its = given as Readonly<Record<string, unknown>> | null | undefined;
      const inner = its?.[property];
      if (typeof inner !== 'function') return Reflect.apply(original, self, [given, ...others]);
      const noted = gated(inner as Callback, (target, args) => runOn(target, inner as Callback, args));
      return Reflect.apply(original, self, [{ ...its, [property]: noted }, ...others]);
    }),
  );
}

/** Notes what an object was made from. */
export function noteMade<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  note: (made: unknown, args: readonly unknown[]) => void,
): void {
  patch(owner, method, (original) =>
    lookalike(original, (self, args) => {
      const made: unknown = Reflect.apply(original, self, args);
      read(() => note(made, args));
      return made;
    }),
  );
}
