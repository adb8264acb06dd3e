import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How many events of requests there were, of collections of garbage and of handlers that ran for long, and of anything else. */
export interface Events {
  start: number;
  stop: number;
  notes: number;
  other: number;
}

/** Counts the events that come to a folder of traces, and takes their files away, so that no disk fills up. */
export interface StoreCounter {
  readonly events: Events;
  /** Takes what is there away from its writers, and counts what was taken before. */
  turn(): void;
  /** Counts all that is left: nobody writes any more. */
  finish(): void;
}

// A writer that opened a file may be held up before it writes into it: what it writes then is counted later.
const turnsUntilRemoved = 10;

interface Taken {
  readonly path: string;
  /** So much of it is counted. */
  bytes: number;
}

export function countStore(folder: string): StoreCounter {
  const taken = `${folder}-taken`;
  mkdirSync(folder, { recursive: true });
  mkdirSync(taken, { recursive: true });
  const events: Events = { start: 0, stop: 0, notes: 0, other: 0 };
  const turns: Taken[][] = [];

  function take(): void {
    const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    const files = names.map((name) => ({
      name,
      path: join(taken, `${turns.length}-${name}`),
      bytes: 0,
    }));
    for (const { name, path } of files) renameSync(join(folder, name), path);
    turns.push(files);
  }

  function count(file: Taken): void {
    const bytes = readFileSync(file.path);
    // Writers append whole lines.
    for (const line of bytes.toString('utf8', file.bytes).split('\n')) {
      if (line.startsWith('{"name":"wsgi-start"')) events.start++;
      else if (line.startsWith('{"name":"wsgi-stop"')) events.stop++;
      else if (/^\{"name":"(?:gc|blocked)-/.test(line)) events.notes++;
      else if (line !== '') events.other++;
    }
    file.bytes = bytes.length;
  }

  function remove(file: Taken): void {
    if (statSync(file.path).size > file.bytes) count(file);
    rmSync(file.path);
  }

  return {
    events,
    turn() {
      take();
      turns.at(-2)?.forEach(count);
      turns.at(-turnsUntilRemoved)?.splice(0).forEach(remove);
    },
    finish() {
      take();
      turns.flat().forEach(remove);
      turns.length = 0;
    },
  };
}
