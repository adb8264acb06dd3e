// A tree of calls and messages on one line, for what tests expect of them.
import type { Event } from '../../src/trace/event.js';
import type { SeenPoint } from '../scenario.js';

/**
 * Calls and messages by their kind and their end, all else by its name: `client=OK(server=OK(served)) callback`,
 * `client!NOT_FOUND`, `server~` where it was cancelled, `consumer?` where it has no end.
 */
export function describedCalls(points: readonly SeenPoint[]): string {
  return points
    .map(({ name, start, stop, children }) => {
      const { kind = name } = (start.info['rpc'] ?? {}) as { kind?: string };
      const inner = children.length > 0 ? `(${describedCalls(children)})` : '';
      return `${kind}${endOf(stop)}${inner}`;
    })
    .join(' ');
}

function endOf(stop: Event | undefined): string {
  if (stop === undefined) return '?';
  const { etype, cancelled, rpc } = stop.info as {
    etype?: string;
    cancelled?: boolean;
    rpc?: { status?: string };
  };
  if (etype !== undefined) return `!${etype}`;
  if (cancelled === true) return '~';
  return rpc?.status === undefined ? '' : `=${rpc.status}`;
}
