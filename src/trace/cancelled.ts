import type { Info } from './event.js';
import { failure } from './info.js';

/** What the stop of work says that its caller gave up on purpose: no failure, see `failed.ts`. */
export const cancelled: Info = { cancelled: true };

/** What the stop of work says that an error ended. */
export function ending(error: unknown): Info {
  return isGivingUp(error) ? cancelled : failure(error);
}

/** Whether an error tells that the application gave something up; by a timeout it would rather not have. */
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
