import { type Arbitrary, array, constant, constantFrom, nat, oneof, record, string, tuple } from 'fast-check';

/** Names that mean something to JavaScript where an object is used as a map. */
export const propertyNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'toJSON',
  'then',
  '__defineGetter__',
] as const;

/** Pieces that parsers, terminals and regular expressions stumble over. */
const pieces = [
  '',
  '\0',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u007f',
  '\u0085',
  '\u009b31m',
  '\u00a0',
  '\u00ff',
  '\u0130',
  '\u200b',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udc00',
  '😀',
  'é',
  '"',
  "'",
  '\\',
  '\\u0000',
  '{',
  '}',
  '[',
  ']',
  '[[[[[[[[[[[[[[[[',
  ',',
  ':',
  '=',
  '==',
  '&',
  ';',
  '?',
  '#',
  '@',
  '%',
  '%00',
  '%40',
  '%2f',
  '%ff',
  '/',
  '//',
  '../',
  '-',
  '--',
  '-start',
  '-stop',
  '.',
  '. ',
  '$&',
  "$'",
  '*',
  '+',
  '_',
  'null',
  'true',
  'NaN',
  '-0',
  '1e999',
  '9007199254740993',
  'A'.repeat(40),
  'a'.repeat(1025),
  '0'.repeat(3000),
  ...propertyNames,
] as const;

const piece: Arbitrary<string> = oneof(
  { weight: 4, arbitrary: constantFrom(...pieces) },
  { weight: 2, arbitrary: string({ unit: 'binary', maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: tuple(constantFrom(...pieces), nat(60)).map(([text, times]) => text.repeat(times)),
  },
);

/** A text around the place of a change. */
interface Parts {
  readonly before: string;
  readonly within: string;
  readonly after: string;
  readonly inserted: string;
}

const changes = {
  insert: ({ before, within, after, inserted }: Parts) => before + inserted + within + after,
  replace: ({ before, after, inserted }: Parts) => before + inserted + after,
  delete: ({ before, after }: Parts) => before + after,
  double: ({ before, within, after }: Parts) => before + within + within + after,
  cut: ({ before }: Parts) => before,
  upperCase: ({ before, within, after }: Parts) => before + within.toUpperCase() + after,
  lowerCase: ({ before, within, after }: Parts) => before + within.toLowerCase() + after,
  /** One bit of one character: what a signature is there to see. */
  flip: ({ before, within, after }: Parts) =>
    before + within.replace(/^[^]/, (first) => String.fromCharCode(first.charCodeAt(0) ^ 1)) + after,
} as const;

/** The place is so many thousandths of a text's length, so that it fits a text of any length. */
const change = record({
  kind: constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
  at: nat(1000),
  length: nat(20),
  inserted: piece,
});

function changed(
  text: string,
  { kind, at, length, inserted }: typeof change extends Arbitrary<infer C> ? C : never,
): string {
  const start = Math.round((at * text.length) / 1000);
  const end = start + length;
  const parts = {
    before: text.slice(0, start),
    within: text.slice(start, end),
    after: text.slice(end),
    inserted,
  };
  return changes[kind](parts);
}

/** Changes of a text that is known only later: a few, or every other time none. */
export function mutation(most = 3): Arbitrary<(text: string) => string> {
  const some = array(change, { minLength: 1, maxLength: most });
  return oneof(
    constant((text: string) => text),
    some.map((all) => (text: string) => all.reduce(changed, text)),
  );
}

/** Texts that are nearly what they should be: every other one as it should be, the others with a few changes. */
export function mutated(good: Arbitrary<string>, most = 3): Arbitrary<string> {
  return tuple(good, mutation(most)).map(([text, mutate]) => mutate(text));
}

/** Any text, short or long, and the pieces above. */
export const anyText: Arbitrary<string> = oneof(
  piece,
  string({ unit: 'binary', maxLength: 60 }),
  mutated(piece),
);

/** What the system takes of a text as an argument or a variable: no NUL, and no more than 128 KB. */
export function asArgument(text: string): string {
  return text.replaceAll('\0', '').slice(0, 30_000);
}
