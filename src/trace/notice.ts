// Prints lines on stderr for the people who run the application.
import { writeSync } from 'node:fs';

const said = new Set<string>();
const maxLineLength = 4000;
const printable = /^[ -~]*$/;

/**
 * Prints one line on stderr for the people who run the application, each text once. It is written synchronously,
 * and not through `console` or `process.stderr`, which the application may have replaced.
 */
export function notice(text: string): void {
  const line = oneLine(text, maxLineLength);
  // A thread with this many different lines is broken, and memory has to stay bounded.
  if (said.has(line) || said.size > 100) return;
  said.add(line);
  tell(line);
}

/** Prints a line each time, even if it was printed before: for counts of what has happened since. */
export function tell(text: string): void {
  try {
    writeSync(2, `ostrace: ${oneLine(text, maxLineLength)}\n`);
  } catch {
    // stderr is closed or full: there is nobody to tell
  }
}

/**
 * Makes a text a part of one line, of a readable length. A store or a library may say anything, such as text that
 * controls a terminal, or that looks like another line of ours.
 */
export function oneLine(text: string, maxLength: number): string {
  const start = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  if (printable.test(start)) return start;
  // Not a literal: V8 reads literals together with the code that contains them, and sets of Unicode take it half a
  // millisecond.
  return start.replace(new RegExp('[\\s\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}]+', 'gu'), ' ').trim();
}

/** An error with its stack, as a report of it needs it. */
export function wordsOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return messageOf(error);
  }
}

/**
 * The message of a thrown value, for a line like these. Any value may be thrown, also one that throws when it is
 * read.
 */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'an error that cannot be read';
  }
}
