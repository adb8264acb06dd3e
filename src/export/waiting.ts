// Stands in for the exporter while it cannot be loaded.
import { elapsed } from '../trace/clock.js';
import { countWas } from '../trace/count.js';
import { messageOf, tell } from '../trace/notice.js';
import { connect } from '../trace/point.js';

const againMs = 1000;

/**
 * Counts events while the exporter cannot be loaded, as in a process that has no descriptors left, and tries again:
 * at the next trace, and once a second while there are events.
 *
 * @param load loads the exporter, once, and connects it
 */
export function waitFor(load: () => void): {
  /** @throws Error if it cannot be loaded */
  connect(): void;
  hasLost(): boolean;
  /** Reports lost events. */
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
      retryAt = elapsed() + againMs;
      connect(count);
      throw error;
    }
  }

  function count(): void {
    lost++;
    if (elapsed() < retryAt) return;
    try {
      attempt();
    } catch {
      // The next event tries again.
    }
  }

  return { connect: attempt, hasLost: () => lost > 0, report };
}
