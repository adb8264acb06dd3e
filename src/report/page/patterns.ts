// How the time passed that a finding explains: working, blocked, waiting, or nothing is recorded.
import type { FindingKind } from '../findings/finding.js';
import type { Pattern } from './page-trace.js';

const patterns: Readonly<Partial<Record<FindingKind, Pattern>>> = {
  'pool-wait': 'wait',
  'connect-wait': 'wait',
  'turn-wait': 'wait',
  'socket-wait': 'wait',
  'worker-wait': 'wait',
  blocked: 'blocked',
  starved: 'blocked',
  'garbage-collection': 'blocked',
  gap: 'none',
};

/** How the time passed that a kind of finding is about. */
export const patternOf = (kind: FindingKind): Pattern => patterns[kind] ?? 'work';
