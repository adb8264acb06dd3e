// Shows on a terminal how far long work has come: a line on stderr that is written over, and removed at the end.
// Nothing is written where stderr is no terminal, and nothing for work that is done at once.
import { clean, cut } from '../report/format.js';

/** How far a piece of work has come. */
export interface Progress {
  /** @param total undefined where it is not known */
  at(done: number, total?: number): void;
  /** Removes the line. */
  end(): void;
}

/** The line on which progress is shown. */
export interface ProgressLine {
  /** @param what the work as it is done, such as `reading traces` */
  begin(what: string): Progress;
  /** Makes room for a message; the line comes again when the work goes on. */
  clear(): void;
}

/** The terminal, as far as it is used. */
interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const firstMs = 500;
const everyMs = 100;
const removed = '\r\u001b[K';

/**
 * Shows progress on stderr.
 *
 * @param now a clock in milliseconds
 */
export function progressOn(stderr: Terminal, now = (): number => performance.now()): ProgressLine {
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) stderr.write(removed);
    isDrawn = false;
  };
  return {
    clear,
    begin(what) {
      if (stderr.isTTY !== true) return { at() {}, end() {} };
      const work = clean(what);
      let text = `${work} …`;
      let dueAt = now() + firstMs;
      const draw = (): void => {
        dueAt = now() + everyMs;
        // A line as wide as the terminal would go on in the next one, where it is not found again.
        stderr.write(removed + cut(text, (stderr.columns || 80) - 1));
        isDrawn = true;
      };
      // A store that takes its time to answer does not call us, and one that answers at once leaves timers no time.
      const timer = setInterval(() => now() >= dueAt && draw(), everyMs).unref();
      return {
        at(done, total) {
          text = `${work} … ${done}${total === undefined ? '' : ` of ${total}`}`;
          if (now() >= dueAt) draw();
        },
        end() {
          clearInterval(timer);
          clear();
        },
      };
    },
  };
}
