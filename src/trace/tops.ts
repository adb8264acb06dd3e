// The points at the top of this thread that are open, or were a moment ago, with their times: what happens to the
// thread as a whole, such as a collection of garbage, happens to these.
//
// Open points are in a linked list: a Map would give each context a hash, which costs as much as the point.
import type { Context } from './context.js';
import { elapsed } from './clock.js';

// A collection is told of some turns of the loop later, when a short request is over.
const mostClosed = 16;
const closedMs = 400;

/** A point at the top, with its times on the monotonic clock. */
export class Top {
  readonly context: Context;
  readonly started = elapsed();
  /** Infinity while it is open. */
  stopped = Infinity;
  previous: Top | undefined;
  next: Top | undefined;

  constructor(context: Context) {
    this.context = context;
  }
}

let first: Top | undefined;
const closed: (Top | undefined)[] = Array.from({ length: mostClosed }, () => undefined);
let nextClosed = 0;

/** Notes that a point at the top has started. */
export function noteOpen(context: Context): Top {
  const top = new Top(context);
  top.next = first;
  if (first !== undefined) first.previous = top;
  first = top;
  return top;
}

/** Notes that it has stopped. */
export function noteClosed(top: Top): void {
  if (top.stopped !== Infinity) return;
  unlink(top);
  top.stopped = elapsed();
  closed[nextClosed] = top;
  nextClosed = (nextClosed + 1) % mostClosed;
}

function unlink(top: Top): void {
  const { previous, next } = top;
  // One that is closed must not hold others.
  top.previous = undefined;
  top.next = undefined;
  if (previous !== undefined) previous.next = next;
  else first = next;
  if (next !== undefined) next.previous = previous;
}

/** The points that were open all the time from one moment to another, those that began first before the others. */
export function topsDuring(from: number, to: number): Context[] {
  const found: Top[] = [];
  for (let top = first; top !== undefined; top = top.next) if (top.started <= from) found.push(top);
  for (const top of closed) {
    if (top !== undefined && top.started <= from && top.stopped >= to) found.push(top);
  }
  return found.toSorted((a, b) => a.started - b.started).map(({ context }) => context);
}

/** Forgets points that have stopped a while ago, and those of traces that are gone: some never stop. */
export function forgetOld(): void {
  for (let top = first; top !== undefined;) {
    const { next } = top;
    if (top.context.trace.isGone) {
      unlink(top);
      // If it stops later, it is in no list any more.
      top.stopped = 0;
    }
    top = next;
  }
  const before = elapsed() - closedMs;
  for (let i = 0; i < mostClosed; i++)
    if (closed[i] !== undefined && closed[i]!.stopped < before) closed[i] = undefined;
}
