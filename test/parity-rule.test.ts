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

/** So many plays, of which the first ones differ. */
const times = (count: number, of: number): readonly Pair<Seen>[] =>
  Array.from({ length: of }, (_, index) => (index < count ? different : alike));

for (const [what, again] of Object.entries({
  'each time': times(12, 12),
  'in half of the runs': [alike, different, alike, ...times(5, 9), ...times(12, 24)],
  'in a quarter of the runs': [alike, alike, different, ...times(2, 9), ...times(6, 24)],
})) {
  test(`what differs ${what}, and never without the agent, is a difference`, async () => {
    const bare = plays(...times(0, again.length));
    await assert.rejects(same(different, plays(...again).play, bare.play), ({ message }: Error) => {
      const count = again.filter((pair) => pair === different).length;
      const counts = `^different in ${count} of ${again.length} rounds; without the agent in 0: `;
      assert.match(message, new RegExp(counts));
      // What differs is shown.
      assert.match(message, /^\+ +event: 'close'$/m);
      assert.match(message, /^- +event: 'end'$/m);
      return true;
    });
    assert.equal(bare.count(), again.length);
  });
}

test('what differs as often without the agent is a race of its own', async () => {
  const once = [alike, alike, different] as const;
  await same(different, plays(...once).play, plays(different, alike, alike).play);
  await same(different, plays(...once).play, plays(different, different, alike).play);
});

test('what differs once or twice more in twelve rounds is a race too', async () => {
  await same(different, plays(...times(2, 12)).play, plays(...times(0, 12)).play);
  await same(
    different,
    plays(...times(3, 3), ...times(2, 9)).play,
    plays(...times(2, 3), ...times(1, 9)).play,
  );
});

test('what differs more often in twelve rounds, and about as often in 36, is a race too', async () => {
  const again = plays(...times(3, 3), ...times(5, 9), ...times(12, 24));
  const bare = plays(...times(1, 3), ...times(2, 9), ...times(9, 24));
  await same(different, again.play, bare.play);
  assert.deepEqual([again.count(), bare.count()], [36, 36]);
});

test('what differs each time, and often without the agent, is a difference', async () => {
  const bare = plays(...times(2, 3), ...times(6, 9), ...times(16, 24));
  await assert.rejects(same(different, plays(...times(36, 36)).play, bare.play), {
    message: /^different in 36 of 36 rounds; without the agent in 24: /,
  });
});

test('what differs more often than without the agent is a difference', async () => {
  const again = plays(...times(3, 3), ...times(4, 9), ...times(16, 24));
  const bare = plays(...times(1, 3), ...times(1, 9), ...times(5, 24));
  await assert.rejects(same(different, again.play, bare.play), {
    message: /^different in 23 of 36 rounds; without the agent in 7: /,
  });
});
