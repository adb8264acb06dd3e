// Carries a trace on in an HTTP/1 request whose head is written down already.
import { isTraceHeader } from '../trace/headers.js';
import { type Carried, type Sender, type Signer, type Way, carried } from './recipients.js';

const end = '\r\n';

/**
 * The head that a request is to have in the place of the one that is written down.
 *
 * @param head its lines, and maybe the empty one that ends it
 * @param way without the `Host` headers, which the head has
 * @returns undefined where it stays as it is
 */
export function headCarrying(
  signer: Signer,
  sender: Sender,
  head: string,
  way: Omit<Way, 'authorities'>,
): string | undefined {
  const given = (name: string): readonly string[] => valuesIn(head, name);
  const headers = carried(signer, sender, given, { ...way, authorities: given('host') });
  return headers && withTraceHeaders(head, headers);
}

/** All values that a head has under a name, which is given in lower case. */
function valuesIn(head: string, name: string): readonly string[] {
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
function withTraceHeaders(head: string, headers: Carried): string {
  const isEnded = head.endsWith(end + end);
  const lines = head.slice(0, isEnded ? -2 * end.length : -end.length).split(end);
  const kept = lines.filter((line) => !isTraceHeader(line.slice(0, line.indexOf(':'))));
  const added = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [...kept, ...added, isEnded ? end : ''].join(end);
}
