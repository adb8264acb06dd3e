// Splits a command for bash into words, as far as a browser writes such commands: nothing is expanded or run.
import { CurlError, Words } from './words.js';

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  E: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

// In this order: a quoted text, an escape, what a shell would act on, a blank, a run of ordinary characters.
const token =
  /\$'((?:[^'\\]|\\[^])*)'|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\(\r?\n|[^])|([;|&<>()`$]|#)|(\s+)|([^\\'"\s;|&<>()`$#]+)/gy;

/**
 * The words of one command.
 *
 * @throws CurlError if a quote has no end, or a shell would do more than run one command with these words
 */
export function bashWords(command: string): readonly Buffer[] {
  const words = new Words();
  let at = 0;
  let isInWord = false;
  for (const { 0: all, 1: ansi, 2: single, 3: double, 4: escaped, 5: special, 6: blank, 7: plain } of command
    .trim()
    .matchAll(token)) {
    at += all.length;
    const wasInWord: boolean = isInWord;
    isInWord = blank === undefined;
    if (blank !== undefined) words.end();
    else if (ansi !== undefined) addAnsi(words, ansi);
    else if (single !== undefined) words.add(single);
    else if (double !== undefined) words.add(doubleQuoted(double));
    else if (special === '#' && wasInWord) words.add('#');
    else if (special !== undefined) throw new CurlError(refusal(special));
    else if (escaped === undefined) words.add(plain!);
    else if (/^\r?\n$/.test(escaped)) isInWord = wasInWord;
    else words.add(escaped);
  }
  if (at < command.trim().length) throw new CurlError('a quote of the command has no end; paste all of it');
  return words.all();
}

function refusal(special: string): string {
  return `the command has a ${special} outside of quotes; expected one curl command without variables, pipes and comments`;
}

function doubleQuoted(text: string): string {
  return text.replace(/\\([^])|[`$]/g, (all, escaped: string | undefined) => {
    if (escaped === undefined) throw new CurlError(refusal(all));
    if (escaped === '\n') return '';
    return '$`"\\'.includes(escaped) ? escaped : all;
  });
}

// A character beyond \uffff is two escapes, where a browser writes them.
const ansiPart =
  /\\(?:x([\da-fA-F]{1,2})|u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|u([\da-fA-F]{1,4})|U([\da-fA-F]{1,8})|([0-7]{1,3})|([^]))|[^\\]+/g;

/** Adds the text of `$'…'`, in which `\x` names a byte and `\u` a character. */
function addAnsi(words: Words, text: string): void {
  words.add('');
  for (const [all, byte, high, low, short, long, octal, one] of text.matchAll(ansiPart)) {
    if (byte !== undefined) words.add(parseInt(byte, 16));
    else if (octal !== undefined) words.add(parseInt(octal, 8) & 0xff);
    else if (high !== undefined) words.add(String.fromCharCode(parseInt(high, 16), parseInt(low!, 16)));
    else if (short !== undefined || long !== undefined) words.add(character(short ?? long!));
    else if (one === undefined) words.add(all);
    else words.add(simpleEscapes[one] ?? ('\\\'"?'.includes(one) ? one : all));
  }
}

function character(digits: string): string {
  const code = parseInt(digits, 16);
  if (code > 0x10ffff) throw new CurlError(`the command names a character that does not exist: \\U${digits}`);
  return String.fromCodePoint(code);
}
