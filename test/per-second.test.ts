import assert from 'node:assert/strict';
import { test } from 'node:test';

import { perSecond } from '../src/hooks/calls/per-second.js';

test('so many are allowed in each second, and none is saved for later ones', () => {
  const mayDo = perSecond(2);
  const at = (...times: readonly number[]): readonly boolean[] => times.map(mayDo);
  assert.deepEqual(at(0, 500, 999, 1000, 1001, 1999), [true, true, false, true, true, false]);
  assert.deepEqual(at(9000, 9001, 9002), [true, true, false]);
});
