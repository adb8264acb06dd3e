// Splits a command for the prompt of Windows into words, as browsers write it for "copy as cURL (cmd)".
import { CurlError, Words } from './words.js';

/** A text in quotes as bash reads it; an end that is missing is the end of the command. */
const quotedForBash = /\^"|\$'(?:\\[^]|[^\\'])*'?|'[^']*'?|"(?:\\[^]|[^\\"])*"?|\\[^]/g;

/** Whether a text is written for that prompt: a caret ends its lines, or stands before its quotes, outside of quotes. */
export function isForCmd(command: string): boolean {
  const bare = command.replace(quotedForBash, (quoted) => (quoted === '^"' ? quoted : ''));
  return /\^\r?\n|(?:^|\s)\^"/.test(bare);
}

/**
 * The words of one command. Browsers write each backslash twice, and put a caret behind a percent sign.
 *
 * @throws CurlError if a quote has no end, or the prompt would do more than run one command with these words
 */
export function cmdWords(command: string): readonly Buffer[] {
  const words = new Words();
  let isQuoted = false;
  const parts = /(\\*)(""?)|(\\+)|(\s+)|[^\s\\"]+/g;
  for (const [all, before, quotes, backslashes, blank] of withoutCarets(command.trim()).matchAll(parts)) {
    if (quotes !== undefined) {
      if (before !== '') words.add('\\'.repeat(before!.length >> 1));
      const isText = before!.length % 2 === 1;
      if (isText) words.add('"');
      if (quotes.length === 2 && !isText && isQuoted) {
        words.add('"');
        continue;
      }
      words.add('');
      if (isText ? quotes.length === 2 : quotes.length === 1) isQuoted = !isQuoted;
    } else if (backslashes !== undefined) words.add('\\'.repeat(Math.ceil(backslashes.length / 2)));
    else if (blank !== undefined && !isQuoted) words.end();
    else words.add(all);
  }
  if (isQuoted) throw new CurlError('a quote of the command has no end; paste all of it');
  return words.all();
}

/** What the prompt hands on: a caret outside of its own quotes takes the meaning of the next character away. */
function withoutCarets(command: string): string {
  let isQuoted = false;
  return command.replace(/\^(\r?\n)?([^]?)|["&|<>]/g, (all, _line, next: string | undefined) => {
    if (next !== undefined) return isQuoted ? all : next;
    if (all === '"') isQuoted = !isQuoted;
    else if (!isQuoted) {
      throw new CurlError(
        `the command has a ${all} outside of quotes; expected one curl command without pipes and redirections`,
      );
    }
    return all;
  });
}
