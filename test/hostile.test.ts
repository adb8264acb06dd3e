// Properties that hold for any input. The inputs are the same in each run, so that a failure is a change's and
// not a day's; `npm run fuzz` makes new ones. A failure names its seed and path:
//   TEST_SEED=… npm test -- hostile     repeats it
// needs: time
import { test } from 'node:test';

import { assert, asyncProperty } from 'fast-check';

import { targets } from './fuzz/targets.js';

const seed = Number(process.env['TEST_SEED'] ?? 1);
/** A few seconds' worth. */
const inputs = 20_000;

for (const { name, share, input, check } of targets) {
  test(name, () =>
    assert(
      asyncProperty(input, async (each) => check(each)),
      { seed, numRuns: (inputs * share) / 1000 },
    ),
  );
}
