// Reads and changes the heads of HTTP/1 requests that are serialised already.
import { traceHeaderNames } from '../trace/headers.js';
import type { Carried } from './recipients.js';

const end = '\r\n';
const names = traceHeaderNames.map((name) => name.toLowerCase());

/** All values that a head has under a name, which is given in lower case. */
export function valuesIn(head: string, name: string): readonly string[] {
  const values: string[] = [];
  const lower = head.toLowerCase();
  const start = `${end}${name}:`;
  for (let at = lower.indexOf(start); at >= 0; at = lower.indexOf(start, at + 1)) {
    const from = at + start.length;
    const to = head.indexOf(end, from);
    values.push(head.slice(from, to < 0 ? undefined : to).trim());
  }
  return values;
}

/**
 * Replaces the trace headers in a head.
 *
 * @param head its lines, with or without the empty line that ends it
 */
export function withTraceHeaders(head: string, headers: Carried): string {
  const isEnded = head.endsWith(end + end);
  const lines = head.slice(0, isEnded ? -2 * end.length : -end.length).split(end);
  const kept = lines.filter((line) => !names.includes(line.slice(0, line.indexOf(':')).toLowerCase()));
  const added = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [...kept, ...added, isEnded ? end : ''].join(end);
}
