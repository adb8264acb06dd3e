import { writeSync } from 'node:fs';

const said = new Set<string>();
const maxLineLength = 4000;
const printable = /^[ -~]*$/;

/**
 * One line on stderr for the people who run the application, each text once. Written synchronously, and
 * not through `console` or `process.stderr`, which the application may have replaced.
 */
export function notice(text: string): void {
  const line = oneLine(text, maxLineLength);
  // A thread that has so much to say is broken; and memory stays bounded.
  if (said.has(line) || said.size > 100) return;
  said.add(line);
  tell(line);
}

/** The same, each time: for a count of what happened since, which may be as it was before. */
export function tell(text: string): void {
  try {
    writeSync(2, `ostrace: ${oneLine(text, maxLineLength)}\n`);
  } catch {
    // stderr is closed or full: there is nobody to tell
  }
}

/**
 * A text as a part of one line, of a length that people read: what a store or a library says may be anything, also
 * what a terminal acts on, or what looks like other lines of ours.
 */
export function oneLine(text: string, maxLength: number): string {
  const start = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  if (printable.test(start)) return start;
  // Not a literal: V8 reads those with the code that they are in, and sets of Unicode take it half a millisecond.
  return start.replace(new RegExp('[\\s\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}]+', 'gu'), ' ').trim();
}

/** An error as a report of it needs it, with the places that it came through. */
export function wordsOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return messageOf(error);
  }
}

/** What a thrown value says, for a line like these. Any value may be thrown, also one that throws when it is asked. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'an error that cannot be read';
  }
}
