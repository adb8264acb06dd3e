// What all stores of spans have in common: they are written to only, and get points that have both their halves.
import { type Driver, DriverError, WriteError } from '../driver.js';
import { HttpError } from '../http/errors.js';
import { type HttpClient, inParts } from '../http/client.js';
import type { Line } from '../line.js';
import { createSpanPairs, type Span } from './pairs.js';

/** How many of the spans sent the store did not take, and why. */
export interface Rejected {
  readonly spans: number;
  readonly reason: string;
}

export interface SpanStore {
  readonly http: HttpClient;
  /** What reads its spans, for people. */
  readonly reader: string;
  send(spans: readonly Span[]): Promise<Rejected>;
  readonly maxWaitingBytes?: number;
}

/** A driver that can only write; see `docs/stores/otlp.md` for what becomes of points without an end. */
export function openSpanStore({ http, reader, send, maxWaitingBytes }: SpanStore): Driver {
  const pairs = createSpanPairs(maxWaitingBytes);
  const scheme = http.label.replace(/:.*/, '');
  const unreadable = async (): Promise<never> => {
    throw new DriverError(
      `${scheme}:// can only be written to; look at the traces with ${reader}, ` +
        'or name a second store in the connection string',
    );
  };

  return {
    async write(lines, { isLast = false } = {}) {
      const { spans, refused, commit } = pairs.pair(lines, isLast);
      const rejected = { lines: refused, reason: refused > 0 ? 'a line is no start or stop of a point' : '' };
      if (spans.length > 0) {
        try {
          for (const part of await inParts(spans, (some) => sendPart(send, some))) {
            rejected.lines += part.lines;
            rejected.reason = part.reason || rejected.reason;
          }
        } catch (error) {
          throw isLast ? withWaiting(error, [...pairs.takeWaiting(), ...lines]) : error;
        }
      }
      commit();
      if (rejected.lines > 0) {
        throw new WriteError(`${http.label} refuses a part: ${rejected.reason}`, rejected.lines, []);
      }
    },

    takeHeld: () => pairs.takeWaiting(),
    heldCount: () => pairs.count(),

    list: unreadable,
    listErrors: unreadable,
    read: unreadable,

    async check() {
      await send([]);
      return `${http.label} takes spans`;
    },

    close: () => http.close(),
  };
}

/** A request that is refused for good costs its own spans alone. */
async function sendPart(
  send: SpanStore['send'],
  spans: readonly Span[],
): Promise<{ lines: number; reason: string }> {
  const linesIn = (some: readonly Span[]): number =>
    some.reduce((sum, { missing }) => sum + (missing === undefined ? 2 : 1), 0);
  try {
    const { spans: count, reason } = await send(spans);
    // Which ones is not said.
    return { lines: Math.round((linesIn(spans) * Math.min(count, spans.length)) / spans.length), reason };
  } catch (error) {
    if (!(error instanceof HttpError && error.isForGood)) throw error;
    // A part of a batch is tried again in halves where its size is all that is wrong.
    if (error.status === 413 && spans.length > 1) throw error;
    return { lines: linesIn(spans), reason: error.reason };
  }
}

/** Nothing comes after the last batch: what waited in memory is the caller's again. */
function withWaiting(error: unknown, again: readonly Line[]): WriteError {
  const { message, isCertain } = error as DriverError;
  return new WriteError(message, 0, again, { cause: error, isCertain });
}
