import type { Info } from '../trace/event.js';

/** What the stop of work says that its caller gave up on purpose: no failure, see `src/trace/failed.ts`. */
export const cancelled: Info = { cancelled: true };

/** Whether an error tells that the application gave something up; by a timeout it would rather not have. */
export function isGivingUp(error: unknown): boolean {
  const { name, code, cause } = Object(error) as { name?: unknown; code?: unknown; cause?: unknown };
  const isAbort = name === 'AbortError' || code === 'ABORT_ERR';
  return isAbort && !isTimeout(cause);
}

/** Whether an error is that of `AbortSignal.timeout`. */
export function isTimeout(error: unknown): boolean {
  return (Object(error) as { name?: unknown }).name === 'TimeoutError';
}
