// The rule by which the parity suite tells a difference that the agent makes from a race of the case's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Pair, same } from './parity/same.js';

interface Seen {
  readonly event: string;
}
const alike: Pair<Seen> = [{ event: 'end' }, { event: 'end' }];
const different: Pair<Seen> = [{ event: 'close' }, { event: 'end' }];

/** Plays that come out as they are listed, and how many of them were played. */
function plays(...pairs: readonly Pair<Seen>[]): { play: () => Promise<Pair<Seen>>; count(): number } {
  let count = 0;
  return {
    async play() {
      const pair = pairs[count++];
      assert.ok(pair, 'one play more than the rule has');
      return pair;
    },
    count: () => count,
  };
}

test('what is the same at once is played no more', async () => {
  const [again, bare] = [plays(), plays()];
  await same(alike, again.play, bare.play);
  assert.deepEqual([again.count(), bare.count()], [0, 0]);
});

test('what differs once, and then is the same three times of three, is the same', async () => {
  const [again, bare] = [plays(alike, alike, alike), plays()];
  await same(different, again.play, bare.play);
  assert.deepEqual([again.count(), bare.count()], [3, 0]);
});

for (const [what, again] of Object.entries({
  'each time': [different, different, different],
  'in half of the runs': [alike, different, alike],
  'once more, at last': [alike, alike, different],
})) {
  test(`what differs ${what}, and never without the agent, is a difference`, async () => {
    const bare = plays(alike, alike, alike);
    await assert.rejects(same(different, plays(...again).play, bare.play), ({ message }: Error) => {
      const times = again.filter((pair) => pair === different).length;
      assert.match(message, new RegExp(`^different in ${times} of 3 rounds; without the agent in 0: `));
      // What differs is shown.
      assert.match(message, /^\+ +event: 'close'$/m);
      assert.match(message, /^- +event: 'end'$/m);
      return true;
    });
    assert.equal(bare.count(), 3);
  });
}

test('what differs as often without the agent is a race of its own', async () => {
  const once = [alike, alike, different] as const;
  await same(different, plays(...once).play, plays(different, alike, alike).play);
  await same(different, plays(...once).play, plays(different, different, alike).play);
});

test('what differs more often than without the agent is a difference', async () => {
  const again = plays(different, alike, different);
  await assert.rejects(same(different, again.play, plays(alike, different, alike).play), {
    message: /^different in 2 of 3 rounds; without the agent in 1: /,
  });
});
