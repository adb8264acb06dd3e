// Nothing is loaded for this: the hooks, the table in docs/versions.md and the tests read it.
import type { VersionRange } from '../src/hooks/loading/version-range.js';

/**
 * The versions of each package that are supported: each range is tested at both of its ends. Where a package
 * moved what is hooked it has several, which never overlap.
 */
export const versions = {
  pg: [['8.0.3', '9.0.0']],
  'pg-pool': [['2.0.0', '4.0.0']],
  'pg-cursor': [['2.0.0', '3.0.0']],
  'pg-query-stream': [['3.0.0', '5.0.0']],
  // 3.11.5 moved the methods of both classes to base classes, which the promise API uses too.
  mysql2: [
    ['2.0.0', '3.11.5'],
    ['3.11.5', '4.0.0'],
  ],
  undici: [['5.0.0', '9.0.0']],
} as const satisfies Readonly<Record<string, readonly VersionRange[]>>;

/** The first Node.js that is supported; the newest of each major that is named is tested. */
export const node = { from: '20.19.0', majors: [20, 22, 24, 26] } as const;
