// Masks the values that a database's error message repeats. The text is walked through once for each step, forwards
// or backwards: a message may be megabytes of whatever somebody sent.

const quotes: ReadonlySet<string> = new Set(`'"«»„“”‚‘’‹›「」『』`);
const contraction = /^['’](?:t|s|re|ll|ve|d|m)(?![\w'"])/i;
const letter = /\p{L}/u;

// A key, or a row, as PostgreSQL's details and what passes them on have it: `Key (email)=(a@b.c)`.
const tuple = /\) ?= ?\(|contains \(/;
// What MySQL says behind the value: a name that is no part of it.
const named = / for (?:key|column) (['`])[\w.$`'-]{1,300}\1(?: at row \d{1,20})?$/;
const endsWithName = /^(?:Duplicate entry|(?:Truncated )?[Ii]ncorrect [\w ]{1,40} value:) /;
const maxNamedLength = 400;

// A number, but for those that tell where something is, or belong to a type: `at row 1`, `varying(3)`.
const number =
  /(?<place>\b(?:row|line|position|character|errno|sqlstate|state|code)[ :=#]{1,3}\d+)|(?<![\p{L}\p{N}_.$]|\w\(\d{0,9},? ?)[-+]?\d(?:[\p{L}\p{N}_.,]*[\p{L}\p{N}_])?/giu;
const maxShownLength = 1024;

/**
 * Masks what stands in quotes, in the tuple of a key, and, where the server said it, numbers and addresses. Names
 * in quotes are masked as well, unless what is around them tells that they are names.
 *
 * @param isServers whether it is a message of the server's, and not one of the client or of the system
 */
export function maskMessage(message: string, isServers: boolean): string {
  const { values, names } = namesIn(message);
  const text = maskTuples(values);
  const first = firstQuote(text);
  if (first === -1) return unquoted(text, isServers) + names;
  const last = lastQuote(text, first);
  // A value may hold quotes itself, and nothing tells them apart; without an end it reaches to the end.
  const end = last === -1 ? '' : unquoted(text.slice(last + 1), isServers);
  const closing = last === -1 ? '' : text[last]!;
  return `${unquoted(text.slice(0, first), isServers)}${text[first]!}***${closing}${end}${names}`;
}

/** Masks from the first tuple to the last bracket. */
export function maskTuples(text: string): string {
  const match = tuple.exec(text);
  if (match === null) return text;
  const start = match.index + match[0].length;
  const end = text.lastIndexOf(')');
  return `${text.slice(0, start)}***${end < start ? '' : text.slice(end)}`;
}

function namesIn(message: string): { readonly values: string; readonly names: string } {
  const names = endsWithName.test(message) ? (named.exec(message.slice(-maxNamedLength))?.[0] ?? '') : '';
  return { values: message.slice(0, message.length - names.length), names };
}

/** What stands outside of all quotes; more than is shown is not looked at. */
function unquoted(text: string, isServers: boolean): string {
  if (!isServers) return text;
  return text
    .slice(0, maxShownLength)
    .split(/(\s+)/)
    .map((word) => (word.includes('@') ? '***' : word))
    .join('')
    .replace(number, (match, place: string | undefined) => (place === undefined ? '?' : match));
}

function firstQuote(text: string): number {
  for (let i = 0; i < text.length; i++) if (isQuote(text, i)) return i;
  return -1;
}

function lastQuote(text: string, first: number): number {
  for (let i = text.length - 1; i > first; i--) if (isQuote(text, i)) return i;
  return -1;
}

/** The apostrophe of `can't` and `it's` quotes nothing. */
function isQuote(text: string, at: number): boolean {
  if (!quotes.has(text[at]!)) return false;
  const isInside = at > 0 && letter.test(text[at - 1]!);
  return !(isInside && contraction.test(text.slice(at, at + 4)));
}
