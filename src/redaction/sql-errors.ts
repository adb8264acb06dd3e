// Masks the values that a database's error message repeats. The text is walked through once for each step, forwards
// or backwards: a message may be megabytes of whatever somebody sent.

const quotes: ReadonlySet<string> = new Set('\'"`«»„“”‚‘’‹›「」『』');
const contraction = /^['’](?:t|s|re|ll|ve|d|m)(?![\w'"])/i;
const letter = /\p{L}/u;

// A key, or a row, as PostgreSQL's details and what passes them on have it: `Key (email)=(a@b.c)`.
const tuple = /\) ?= ?\(|contains \(/;
// What MySQL says behind the value: a name that is no part of it.
const named = / for (?:key|column) (['`])[\w.$`'-]{1,300}\1(?: at row \d{1,20})?$/;
const endsWithName = /^(?:Duplicate entry|(?:Truncated )?[Ii]ncorrect [\w ]{1,40} value:) /;
const maxNamedLength = 400;

// What opens and closes a text of PostgreSQL's without quotes: `$$`, `$body$`.
const dollars = /(?<![\p{L}\p{N}_])\$(?:[\p{L}_][\p{L}\p{N}_]{0,62})?\$/u;

// A number, but for those that tell where something is, or belong to a type: `at row 1`, `varying(3)`. And words.
const numberOrWord =
  /(?<place>\b(?:row|line|position|character|errno|sqlstate|state|code)[ :=#]{1,3}\d+)|(?<word>(?<![\p{L}\p{N}_.$])[\p{L}_][\p{L}\p{N}_.]*)|(?<![\p{L}\p{N}_.$]|\w\(\d{0,9},? ?)[-+]?\d(?:[\p{L}\p{N}_.,]*[\p{L}\p{N}_])?/giu;
// The numbers of accounts and the like begin with letters; the names of encodings and collations have digits too.
const fewestDigits = 4;
const encoding = /^(?:utf8mb[34]_\w{1,30}_(?:ci|cs|bin)|(?:cp|win|windows|gb|iso_?8859_?)\d{1,5})$/i;
const maxShownLength = 1024;

/**
 * Masks what stands in quotes, in the tuple of a key, and, where the server said it, numbers, words with several digits
 * and addresses. Names
 * in quotes are masked as well, unless what is around them tells that they are names.
 *
 * @param isServers whether it is a message of the server's, and not one of the client or of the system
 */
export function maskMessage(message: string, isServers: boolean): string {
  const { values, names } = namesIn(message);
  const text = maskTuples(maskDollars(values));
  const first = firstQuote(text);
  if (first === -1) return unquoted(text, isServers) + names;
  const last = lastQuote(text, first);
  // A value may hold quotes itself, and nothing tells them apart; without an end it reaches to the end.
  const end = last === -1 ? '' : unquoted(text.slice(last + 1), isServers);
  const closing = last === -1 ? '' : text[last]!;
  return `${unquoted(text.slice(0, first), isServers)}${text[first]!}***${closing}${end}${names}`;
}

/** Masks from the first dollar quote to the last that closes such a one. */
function maskDollars(text: string): string {
  const match = dollars.exec(text);
  if (match === null) return text;
  const start = match.index + match[0].length;
  const end = text.lastIndexOf(match[0]);
  return `${text.slice(0, start)}***${end < start ? '' : text.slice(end)}`;
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
    .replace(numberOrWord, (match, place: string | undefined, word: string | undefined) =>
      place !== undefined || (word !== undefined && mayStay(word)) ? match : '?',
    );
}

function mayStay(word: string): boolean {
  const digits = word.length - word.replace(/\p{N}/gu, '').length;
  return digits < fewestDigits || encoding.test(word);
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
