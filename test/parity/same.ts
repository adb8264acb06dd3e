// When two outcomes of one case are the same: the rule of the parity suite.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

/** What came out under the agent, and what came out without it. */
export type Pair<Seen> = readonly [actual: Seen, expected: Seen];

/** How often a case is played anew that differed once. */
const rounds = 3;
/** How often it is played in all, where these rounds do not agree among themselves. */
const moreRounds = 12;
/** By chance alone, a race of the case's own may differ in this many more rounds beside the agent. */
const chance = 2;
/** How often it is played in all, where it differed in more. */
const mostRounds = 36;
/** In these, it may differ in this many standard deviations more. */
const deviations = 2;

/**
 * Fails where the agent makes a difference. A case that is a race of its own (which of two events is first)
 * differs now and then without the agent too. So one that differs once is played three times more, and has to be
 * the same three times; else it is played as often without the agent twice, and may differ no more often than that.
 * Where only some of the three rounds differ, three say too little: twelve are counted then. A race that is lost in
 * every other round differs three times more in every tenth twelve, so 36 rounds decide.
 *
 * @param replay plays the case once more, under the agent and without it
 * @param replayBare plays it twice without the agent
 */
export async function same<Seen>(
  first: Pair<Seen>,
  replay: () => Promise<Pair<Seen>>,
  replayBare: () => Promise<Pair<Seen>>,
): Promise<void> {
  if (isDeepStrictEqual(...first)) return;
  const different = await differences(replay, rounds);
  if (different.length === 0) return;
  const bare = await differences(replayBare, rounds);
  if (different.length <= bare.length) return;
  let played = rounds;
  const playUpTo = async (count: number): Promise<void> => {
    different.push(...(await differences(replay, count - played)));
    bare.push(...(await differences(replayBare, count - played)));
    played = count;
  };
  if (different.length < rounds || bare.length > 0) {
    await playUpTo(moreRounds);
    if (different.length <= bare.length + chance) return;
    await playUpTo(mostRounds);
    // The deviation of a difference of two numbers that chance alone has made is the root of their sum.
    if (different.length <= bare.length + deviations * Math.sqrt(different.length + bare.length)) return;
  }
  try {
    assert.deepEqual(...different.at(-1)!);
  } catch (error) {
    const counts = `different in ${different.length} of ${played} rounds; without the agent in ${bare.length}`;
    // A message of one's own would take the place of what differs.
    if (error instanceof Error) error.message = `${counts}: ${error.message}`;
    throw error;
  }
}

/** Plays a case, and gives the pairs that differ. */
async function differences<Seen>(play: () => Promise<Pair<Seen>>, count: number): Promise<Pair<Seen>[]> {
  const different: Pair<Seen>[] = [];
  for (let i = 0; i < count; i++) {
    const pair = await play();
    if (!isDeepStrictEqual(...pair)) different.push(pair);
  }
  return different;
}
