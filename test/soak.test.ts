// A small `npm run soak`.
// needs: agent
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { scratch } from './scenario.js';
import { failuresOf } from './soak/facts.js';
import { soak } from './soak/soak.js';

test('after many requests, traced and untraced, nothing is left of them', { timeout: 120_000 }, async (t) => {
  const options = { traced: 10_000, untraced: 50_000, parts: 3, store: join(scratch(t), 'traces') };
  assert.deepEqual(failuresOf(options, await soak(options)), []);
});
