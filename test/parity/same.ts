// When two outcomes of one case are the same: the rule of the parity suite.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

/** What came out under the agent, and what came out without it. */
export type Pair<Seen> = readonly [actual: Seen, expected: Seen];

/** How often a case is played anew that differed once. */
const rounds = 3;

/**
 * Fails where the agent makes a difference. A case that is a race of its own (which of two events is first)
 * differs now and then without the agent too. So one that differs once is played three times more, and has to be
 * the same three times; else it is played as often without the agent twice, and may differ no more often than that.
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
  const again = await played(replay);
  const different = again.filter((pair) => !isDeepStrictEqual(...pair));
  if (different.length === 0) return;
  const bare = await played(replayBare);
  const differentBare = bare.filter((pair) => !isDeepStrictEqual(...pair)).length;
  if (different.length <= differentBare) return;
  try {
    assert.deepEqual(...different.at(-1)!);
  } catch (error) {
    const counts = `different in ${different.length} of ${rounds} rounds; without the agent in ${differentBare}`;
    // A message of one's own would take the place of what differs.
    if (error instanceof Error) error.message = `${counts}: ${error.message}`;
    throw error;
  }
}

async function played<Seen>(play: () => Promise<Pair<Seen>>): Promise<readonly Pair<Seen>[]> {
  const pairs: Pair<Seen>[] = [];
  for (let i = 0; i < rounds; i++) pairs.push(await play());
  return pairs;
}
