// Limits how long something is waited for.

/**
 * Waits no longer than so many milliseconds.
 *
 * @param late makes the error that it rejects with when the time is up
 */
export async function within<Result>(ms: number, work: Promise<Result>, late: () => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  // What comes of the work after that is nobody's concern.
  work.catch(() => {});
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the work has ended in whatever way, and no longer than so many milliseconds. */
export async function endedWithin(ms: number, work: Promise<unknown>): Promise<void> {
  try {
    await within(ms, work, () => new Error('it takes too long'));
  } catch {
    // It failed, or goes on.
  }
}
