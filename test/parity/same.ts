// When two outcomes of one case are the same: the rule of the parity suite.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

/** What came out under the agent, and what came out without it. */
export type Pair<Seen> = readonly [actual: Seen, expected: Seen];

/** How often a case is played anew that differed once. */
const rounds = 3;
/** How often it is played in all, where it differs in more of these rounds than without the agent. */
const moreRounds = 12;
/** By chance alone, a race of the case's own may differ in this many more rounds beside the agent. */
const chance = 2;
/** How often it is played in all, where it differed in more. */
const mostRounds = 36;
/** In these, it may differ more often by this many standard deviations. */
const deviations = 2.5;

/**
 * Fails where the agent makes a difference. A case that is a race of its own (which of two events is first)
 * differs now and then without the agent too. So one that differs once is played three times more, and has to be
 * the same three times; else it is played as often without the agent twice, and may differ no more often, but for
 * what chance makes. Three rounds say too little: a race that is lost in every other round differs in all of them
 * now and then. So twelve are counted, and 36 of a case that is not always different.
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
  // In turns, so that a machine that is busy for a while is busy for both.
  const playUpTo = async (count: number): Promise<void> => {
    for (; played < count; played++) {
      different.push(...(await differences(replay, 1)));
      bare.push(...(await differences(replayBare, 1)));
    }
  };
  await playUpTo(moreRounds);
  if (different.length <= bare.length + chance) return;
  if (different.length < played || bare.length > 0) {
    await playUpTo(mostRounds);
    // The deviation that chance alone makes between two numbers of so many rounds.
    const share = (different.length + bare.length) / (2 * played);
    const deviation = Math.sqrt(2 * played * share * (1 - share));
    if (different.length <= bare.length + deviations * deviation) return;
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
