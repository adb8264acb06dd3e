import { isWork } from './about.js';
import type { TreePoint } from './tree.js';

/**
 * Whether a call has carried the trace to a service of which nothing is in it: its events are still on their way,
 * or it has no agent, another key or another store. What failed without an answer promises nothing.
 */
export function isUnanswered({ children, stopInfo }: TreePoint): boolean {
  const requests = stopInfo?.['requests'];
  return (
    !children.some(isWork) &&
    typeof requests === 'object' &&
    requests !== null &&
    (requests as { readonly signed?: unknown }).signed === true
  );
}
