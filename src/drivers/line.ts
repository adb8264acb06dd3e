// An event on its way to a store, as its text and, for the drivers that look into it, as what was parsed of that.
import type { Event } from '../trace/event.js';
import { failureIn, mayTellFailure } from '../trace/failed.js';
import { parseEvent } from '../trace/parse.js';

/**
 * One event: its trace and its line of JSON.
 *
 * It is a class because V8 watches how many objects of a literal survive, and while a store is being connected to,
 * nearly all lines do. From then on V8 would make all lines among the old objects, where each keeps its text until
 * V8 next collects those: texts of seconds instead of milliseconds.
 */
export class Line {
  readonly base_id: string;
  /** Without a newline. */
  readonly text: string;
  /**
   * What `event` gave; null for no event. Declared without being made: most lines are never parsed, and those do not
   * pay for a place to keep it.
   */
  declare private parsed?: Event | null;

  constructor(base_id: string, text: string) {
    this.base_id = base_id;
    this.text = text;
  }

  /** The event, parsed at the first look; undefined where the text is none. */
  get event(): Event | undefined {
    if (this.parsed === undefined) this.parsed = parseEvent(this.text) ?? null;
    return this.parsed ?? undefined;
  }

  /**
   * The event where it is the stop of a failed point, which OSProfiler's `filter_error_trace` looks for. Few lines are
   * parsed for it: the words of a failure are in a few, whether they tell one or are a text of the application's.
   */
  get failedStop(): Event | undefined {
    if (!mayTellFailure.test(this.text)) return undefined;
    const { event } = this;
    const isFailed = event?.name.endsWith('-stop') === true && failureIn(event.info) !== undefined;
    return isFailed ? event : undefined;
  }
}

/** The lines of each trace, in their order. */
export function linesByTrace(lines: readonly Line[]): Map<string, Line[]> {
  const traces = new Map<string, Line[]>();
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const own = traces.get(line.base_id);
    // `slice` instead of the literal `[line]`, for the same reason for which a line is of a class.
    if (own === undefined) traces.set(line.base_id, lines.slice(i, i + 1));
    else own.push(line);
  }
  return traces;
}
