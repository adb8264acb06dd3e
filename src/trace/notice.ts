import { writeSync } from 'node:fs';

const said = new Set<string>();

/**
 * One line on stderr for the people who run the application, each text once. Written synchronously, and
 * not through `console` or `process.stderr`, which the application may have replaced.
 */
export function notice(text: string): void {
  // A thread that has so much to say is broken; and memory stays bounded.
  if (said.has(text) || said.size > 100) return;
  said.add(text);
  tell(text);
}

/** The same, each time: for a count of what happened since, which may be as it was before. */
export function tell(text: string): void {
  try {
    writeSync(2, `ostrace: ${text}\n`);
  } catch {
    // stderr is closed or full: there is nobody to tell
  }
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
    return 'an error that can not be read';
  }
}
