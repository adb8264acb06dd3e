// Recognises calls to services of which nothing is in the trace.
import { isWork } from './about.js';
import type { TreePoint } from './tree.js';

/**
 * Whether a call has carried the trace to a service of which the trace holds nothing. Its events are still on their
 * way, or it has no agent, another key or another store. A call that failed without an answer does not count.
 */
export function isUnanswered({ children, stopInfo }: TreePoint): boolean {
  return !children.some(isWork) && (isSigned(stopInfo?.['requests']) || isSigned(stopInfo?.['rpc']));
}

const isSigned = (said: unknown): boolean => (Object(said) as { readonly signed?: unknown }).signed === true;
