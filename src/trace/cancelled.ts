// Tells work that its caller gave up on purpose from work that failed.
import type { Info } from './event.js';
import { failure } from './info.js';

/**
 * The info for the stop of a point whose caller gave the work up on purpose. That is not a failure: see
 * `failed.ts`.
 */
export const cancelled: Info = { cancelled: true };

/** The info for the stop of a point whose work was ended by an error. */
export function ending(error: unknown): Info {
  return isGivingUp(error) ? cancelled : failure(error);
}

/** Whether an error says that the application gave the work up on purpose. A timeout is not that. */
export function isGivingUp(error: unknown): boolean {
  try {
    const { name, code, cause } = Object(error) as { name?: unknown; code?: unknown; cause?: unknown };
    const isAbort = name === 'AbortError' || code === 'ABORT_ERR';
    return isAbort && !isTimeout(cause);
  } catch {
    return false; // a getter or a Proxy of the application's
  }
}

/** Whether an error is that of `AbortSignal.timeout`. */
export function isTimeout(error: unknown): boolean {
  return (Object(error) as { name?: unknown }).name === 'TimeoutError';
}
