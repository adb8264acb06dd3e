// Masks the values that a database's error message repeats. Each step reads the text once, forwards or backwards,
// because a message may be megabytes of anything.

const quotes: ReadonlySet<string> = new Set('\'"`«»„“”‚‘’‹›「」『』');
const contraction = /^['’](?:t|s|re|ll|ve|d|m)(?![\w'"])/i;
const letter = /\p{L}/u;

// A key, or a row, as PostgreSQL's details and messages that repeat them have it: `Key (email)=(a@b.c)`.
const tuple = /\) ?= ?\(|contains \(/;
// The text that MySQL writes behind the value: a name, which is not part of the value.
const named = / for (?:key|column) (['`])[\w.$`'-]{1,300}\1(?: at row \d{1,20})?$/;
const endsWithName = /^(?:Duplicate entry|(?:Truncated )?[Ii]ncorrect [\w ]{1,40} value:) /;
const maxNamedLength = 400;

// The opening and closing of a PostgreSQL text without quotes: `$$`, `$body$`.
const dollars = /(?<![\p{L}\p{N}_])\$(?:[\p{L}_][\p{L}\p{N}_]{0,62})?\$/u;

// A number, except one that says where something is or belongs to a type: `at row 1`, `varying(3)`. And words.
const numberOrWord =
  /(?<place>\b(?:row|line|position|character|errno|sqlstate|state|code)[ :=#]{1,3}\d+)|(?<word>(?<![\p{L}\p{N}_.$])[\p{L}_][\p{L}\p{N}_.]*)|(?<![\p{L}\p{N}_.$]|\w\(\d{0,9},? ?)[-+]?\d(?:[\p{L}\p{N}_.,]*[\p{L}\p{N}_])?/giu;
// The numbers of accounts and the like begin with letters. The names of encodings and collations contain digits
// too.
const fewestDigits = 4;
const encoding = /^(?:utf8mb[34]_\w{1,30}_(?:ci|cs|bin)|(?:cp|win|windows|gb|iso_?8859_?)\d{1,5})$/i;
const maxShownLength = 1024;

/**
 * Masks the texts in quotes and in the tuple of a key. In a server's message it also masks numbers, words with
 * several digits and addresses. Names in quotes are masked as well, unless the words around them show that they are
 * names.
 *
 * @param isServers whether the message is the server's, and not the client's or the system's
 */
export function maskMessage(message: string, isServers: boolean): string {
  const { values, names } = namesIn(message);
  const text = maskTuples(maskDollars(values));
  const first = firstQuote(text);
  if (first === -1) return unquoted(text, isServers) + names;
  const last = lastQuote(text, first);
  // A value may contain quotes itself, and nothing tells them apart. Without a closing quote, it reaches to the
  // end.
  const end = last === -1 ? '' : unquoted(text.slice(last + 1), isServers);
  const closing = last === -1 ? '' : text[last]!;
  return `${unquoted(text.slice(0, first), isServers)}${text[first]!}***${closing}${end}${names}`;
}

/** Masks from the first dollar quote to the last one that closes it. */
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

/** Masks the text outside of all quotes. Text beyond what is shown is not examined. */
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

/** The apostrophe of `can't` and `it's` is not a quote. */
function isQuote(text: string, at: number): boolean {
  if (!quotes.has(text[at]!)) return false;
  const isInside = at > 0 && letter.test(text[at - 1]!);
  return !(isInside && contraction.test(text.slice(at, at + 4)));
}
