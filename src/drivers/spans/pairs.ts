// Stores of spans know no events: a point's start waits here for its stop, and both become one span.
import { createHash } from 'node:crypto';

import type { Event, Info } from '../../trace/event.js';
import { parseTimestamp } from '../../trace/parse.js';
import type { Line } from '../line.js';

const maxWaitingBytes = 4 * 1024 * 1024;

/** A point as stores of spans want it. */
export interface Span {
  /** 32 hexadecimal digits */
  readonly trace_id: string;
  /** 16 hexadecimal digits, as the parent's */
  readonly span_id: string;
  /** Undefined for the first point of a trace. */
  readonly parent_span_id: string | undefined;
  /** Points elsewhere that led to it. */
  readonly links: readonly Pick<Span, 'trace_id' | 'span_id'>[];
  /** The point's name. */
  readonly point: string;
  /** Microseconds since 1970, as the end, which is never earlier. */
  readonly start: number;
  readonly end: number;
  readonly startInfo: Info;
  readonly stopInfo: Info;
  readonly project: string | null;
  readonly service: string | null;
  readonly host: string;
  /** Which half of the point was not there. */
  readonly missing: 'start' | 'stop' | undefined;
}

/** What is to be sent for a batch. Nothing has changed before `commit`, so a batch that failed may come again. */
export interface Pairing {
  readonly spans: readonly Span[];
  /** How many lines are no event of a point: nothing can be made of them. */
  readonly refused: number;
  /** The spans are sent: their starts wait no longer, and the batch's other starts do. */
  commit(): void;
}

interface Waiting {
  readonly line: Line;
  readonly event: Event;
}

export interface SpanPairs {
  /** @param isLast nothing follows: starts that wait become spans without an end */
  pair(lines: readonly Line[], isLast: boolean): Pairing;
  /** The starts that wait, oldest first; they are forgotten here. */
  takeWaiting(): Line[];
  /** How many starts wait. */
  count(): number;
}

/**
 * Pairs starts and stops. At most 4 MiB of starts wait: beyond that the oldest become spans without an end, and
 * their stops, when they come, spans without a start.
 */
export function createSpanPairs(maxBytes: number = maxWaitingBytes): SpanPairs {
  const waiting = new Map<string, Waiting>();
  let waitingBytes = 0;

  const forget = (key: string): void => {
    waitingBytes -= waiting.get(key)?.line.text.length ?? 0;
    waiting.delete(key);
  };
  const remember = (key: string, start: Waiting): void => {
    // What comes once more waits once.
    forget(key);
    waiting.set(key, start);
    waitingBytes += start.line.text.length;
  };

  return {
    pair(lines, isLast) {
      const opened = new Map<string, Waiting>();
      const closed = new Set<string>();
      const spans: Span[] = [];
      let refused = 0;
      for (const line of lines) {
        const { event } = line;
        const kind = event && /-(start|stop)$/.exec(event.name)?.[1];
        if (event === undefined || kind === undefined) {
          refused++;
          continue;
        }
        const key = `${event.base_id}/${event.trace_id}`;
        if (kind === 'start') {
          opened.set(key, { line, event });
          continue;
        }
        const start = opened.get(key) ?? (closed.has(key) ? undefined : waiting.get(key));
        opened.delete(key);
        closed.add(key);
        spans.push(spanOf(start?.event, event));
      }
      const unfinished: Waiting[] = [];
      let excess = isLast ? Infinity : waitingBytes + bytesOf(opened) - maxBytes;
      for (const starts of [waiting, opened]) {
        for (const [key, start] of starts) {
          if (excess <= 0) break;
          if (starts === waiting && (closed.has(key) || opened.has(key))) continue;
          excess -= start.line.text.length;
          unfinished.push(start);
          if (starts === waiting) closed.add(key);
          else opened.delete(key);
        }
      }
      return {
        spans: [...spans, ...unfinished.map(({ event }) => spanOf(event, undefined, Date.now() * 1000))],
        refused,
        commit() {
          for (const key of closed) forget(key);
          for (const [key, start] of opened) remember(key, start);
        },
      };
    },

    takeWaiting() {
      const lines = Array.from(waiting.values(), ({ line }) => line);
      waiting.clear();
      waitingBytes = 0;
      return lines;
    },

    count: () => waiting.size,
  };
}

function bytesOf(starts: ReadonlyMap<string, Waiting>): number {
  let bytes = 0;
  for (const { line } of starts.values()) bytes += line.text.length;
  return bytes;
}

/**
 * Makes a span of a point's events, of which there is at least one.
 *
 * @param now the end of a point that has none, in microseconds since 1970
 */
export function spanOf(start: Event | undefined, stop: Event | undefined, now = 0): Span {
  const event = (start ?? stop)!;
  const micros = parseTimestamp(event.timestamp) ?? 0;
  const endMicros = stop === undefined ? now : parseTimestamp(stop.timestamp);
  const host = event.info['host'];
  return {
    trace_id: traceIdOf(event.base_id),
    span_id: spanIdOf(event.trace_id),
    parent_span_id: event.parent_id === event.base_id ? undefined : spanIdOf(event.parent_id),
    links: linksIn(start?.info),
    point: event.name.replace(/-(start|stop)$/, ''),
    start: micros,
    end: Math.max(micros, endMicros ?? 0),
    startInfo: start?.info ?? {},
    stopInfo: stop?.info ?? {},
    project: event.project,
    service: event.service,
    host: typeof host === 'string' ? host : '',
    missing: start === undefined ? 'start' : stop === undefined ? 'stop' : undefined,
  };
}

const mostLinks = 100;

/** The points elsewhere that led to one: what a store holds may be anything. */
function linksIn(info: Info | undefined): Span['links'] {
  const { links } = Object(info?.['rpc']) as { readonly links?: unknown };
  if (!Array.isArray(links)) return [];
  return links.slice(0, mostLinks).flatMap((link: unknown) => {
    const { base_id, trace_id } = Object(link) as Partial<Readonly<Record<string, unknown>>>;
    return typeof base_id === 'string' && typeof trace_id === 'string'
      ? [{ trace_id: traceIdOf(base_id), span_id: spanIdOf(trace_id) }]
      : [];
  });
}

/** The 128 bits of a trace's id, as OSProfiler's. */
export function traceIdOf(base_id: string): string {
  return bitsOf(base_id) ?? hashOf(base_id, 32);
}

/**
 * The lower 64 bits of a point's id, as OSProfiler's. An id that has none (some peers shorten ids; and 0 is no
 * span's id) gives the same bits wherever it comes, so that parents are found: OSProfiler takes random ones.
 */
export function spanIdOf(id: string): string {
  const bits = bitsOf(id)?.slice(16);
  return bits === undefined || /^0+$/.test(bits) ? hashOf(id, 16) : bits;
}

function bitsOf(id: string): string | undefined {
  // The usual form first: this is asked three times for each span.
  const digits = (id.length === 36 ? id : id.replace(/^urn:uuid:|[{}]/gi, '')).replaceAll('-', '');
  if (!/^[\da-f]{32}$/i.test(digits) || /^0+$/.test(digits)) return undefined;
  return digits.toLowerCase();
}

function hashOf(id: string, length: number): string {
  return createHash('sha256').update(id).digest('hex').slice(0, length);
}
