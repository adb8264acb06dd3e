// Tells what the event loops of a trace did meanwhile, by what the agent says of them at each start and stop.
import { numberFact, textFact } from '../facts.js';
import type { Info } from '../../trace/event.js';
import type { Span } from './span.js';

/** The state of an event loop at one event of a point. */
interface Mark {
  /** In microseconds since the trace's first event. */
  readonly at: number;
  /** How long the loop has waited for events since it began, in microseconds. */
  readonly idle: number;
  /** Which iteration of the loop it was. */
  readonly turn: number;
}

/** The time of a loop between two events. */
export interface LoopTime {
  /** How long code was running, in microseconds. */
  readonly busy: number;
  /** How often the loop has begun again. If it did not, all of the time was one run of synchronous code. */
  readonly turns: number;
}

/** The loops of a trace's threads. */
export class Loops {
  readonly #spans: readonly Span[];
  /** Made when a loop is first asked for: many traces have no part that is long enough. */
  #known: ReadonlyMap<string, readonly Mark[]> | undefined;

  /** @param spans all points of the trace */
  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  /**
   * What the loop of a point did between two moments; undefined if events of that loop do not lie at both of them.
   */
  between(span: Span, from: number, to: number): LoopTime | undefined {
    this.#known ??= marksOf(this.#spans);
    const marks = this.#known.get(loopOf(span));
    if (marks === undefined) return undefined;
    const first = marks[lowerBound(marks, from + 1) - 1];
    const last = marks[lowerBound(marks, to)];
    if (first?.at !== from || last?.at !== to) return undefined;
    const busy = to - from - Math.max(0, last.idle - first.idle);
    return { busy: Math.max(0, Math.round(busy)), turns: last.turn - first.turn };
  }
}

/** The marks of each loop, in the order of time. */
function marksOf(spans: readonly Span[]): ReadonlyMap<string, readonly Mark[]> {
  const loops = new Map<string, Mark[]>();
  for (const span of spans) {
    const { point, from, to, isOpen } = span;
    const start = point.started === undefined ? undefined : markOf(point.startInfo, from);
    const stop = isOpen ? undefined : markOf(point.stopInfo, to);
    if (start === undefined && stop === undefined) continue;
    const id = loopOf(span);
    const marks = loops.get(id) ?? [];
    loops.set(id, marks);
    if (start !== undefined) marks.push(start);
    if (stop !== undefined) marks.push(stop);
  }
  for (const marks of loops.values()) marks.sort((a, b) => a.at - b.at || a.idle - b.idle);
  return loops;
}

function markOf(info: Info | undefined, at: number): Mark | undefined {
  const idle = numberFact(info, 'loop', 'idle_ms');
  const turn = numberFact(info, 'loop', 'turn');
  return idle === undefined || turn === undefined ? undefined : { at, idle: idle * 1000, turn };
}

/** The loop of a point's thread: its id is only known to be the only one of its host and service. */
function loopOf({ point }: Span): string {
  const id = textFact(point.startInfo, 'loop', 'id') || textFact(point.stopInfo, 'loop', 'id');
  return JSON.stringify([point.host, point.service, id]);
}

/** The index of the first mark that is not before this moment. */
function lowerBound(marks: readonly Mark[], at: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
