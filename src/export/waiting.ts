// Stands in for the exporter while it cannot be loaded.
import { countWas } from '../trace/count.js';
import { messageOf, tell } from '../trace/notice.js';
import { connect } from '../trace/point.js';

const againMs = 1000;

/**
 * Where the exporter can't be loaded now, as in a process that has no descriptors left, events are counted, and it is
 * tried again: at the next trace, and once a second while there are events.
 *
 * @param load loads it, once, and connects it
 */
export function waitFor(load: () => void): {
  /** @throws Error where it can't be loaded */
  connect(): void;
  hasLost(): boolean;
  /** Says what was lost. */
  report(): void;
} {
  let lost = 0;
  let retryAt = 0;
  let problem = '';

  function report(): void {
    if (lost > 0) tell(`${countWas(lost, 'event')} lost: the exporter could not be loaded: ${problem}`);
    lost = 0;
  }

  function attempt(): void {
    try {
      load();
      report();
    } catch (error) {
      problem = messageOf(error);
      retryAt = performance.now() + againMs;
      connect(count);
      throw error;
    }
  }

  function count(): void {
    lost++;
    if (performance.now() < retryAt) return;
    try {
      attempt();
    } catch {
      // The next one tries again.
    }
  }

  return { connect: attempt, hasLost: () => lost > 0, report };
}
