import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Counts the events that come to a folder of traces, and takes their files away, so that no disk fills up. */
export interface StoreCounter {
  /** Takes what is there; counts what was taken the time before, which nobody has open any more. */
  turn(): void;
  readonly events: { start: number; stop: number; other: number };
}

export function countStore(folder: string): StoreCounter {
  const taken = `${folder}-taken`;
  mkdirSync(folder, { recursive: true });
  mkdirSync(taken, { recursive: true });
  const events = { start: 0, stop: 0, other: 0 };
  let turns = 0;

  function count(file: string): void {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line.startsWith('{"name":"wsgi-start"')) events.start++;
      else if (line.startsWith('{"name":"wsgi-stop"')) events.stop++;
      else if (line !== '') events.other++;
    }
  }

  return {
    events,
    turn() {
      for (const name of readdirSync(taken)) {
        count(join(taken, name));
        rmSync(join(taken, name));
      }
      turns++;
      for (const name of readdirSync(folder)) renameSync(join(folder, name), join(taken, `${turns}-${name}`));
    },
  };
}
