// Limits how often something dear is done.

/**
 * Makes a question whether something may be done once more, which is so a number of times in each second.
 *
 * @returns a function of the time on the monotonic clock, in milliseconds
 */
export function perSecond(most: number): (nowMs: number) => boolean {
  let second = -1;
  let done = 0;
  return (nowMs) => {
    const now = Math.floor(nowMs / 1000);
    if (now !== second) {
      second = now;
      done = 0;
    }
    return done++ < most;
  };
}
