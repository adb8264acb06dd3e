// What a piece of work knows of its request, and how it looks where it runs.
const { AsyncLocalStorage } = require('node:async_hooks');
const { profiler } = require('ostrace');

/** A storage of the application's own: its value is the request's id. */
const own = new AsyncLocalStorage();

/** Everything that was found to be wrong, in all requests. */
const problems = [];

const named = (position) => position?.id ?? 'outside of any trace';

/** The request as one piece of its work sees it; made where the work begins. */
function createRequest(id) {
  const position = profiler.get();

  /** This code runs where the work began. */
  function here(what) {
    const now = profiler.get();
    if (now?.id !== position?.id)
      problems.push(`${id}: ${what} ran at ${named(now)}, not at ${named(position)}`);
  }

  /** It does, and the application's storage has its value: where Node itself keeps both. */
  function kept(what) {
    here(what);
    if (own.getStore() !== id) problems.push(`${id}: ${what} found ${own.getStore()} in its own storage`);
  }

  /** What requests may share runs in no trace; the application's storage has its value all the same. */
  function outside(what) {
    const now = profiler.get();
    if (now !== undefined) problems.push(`${id}: ${what} ran at ${named(now)}, not outside of any trace`);
    if (own.getStore() !== id) problems.push(`${id}: ${what} found ${own.getStore()} in its own storage`);
  }

  /** It does, and makes a point that shows it. */
  function step(what) {
    here(what);
    profiler.trace(`at ${what}`, { id }, () => {});
  }

  function equal(actual, expected) {
    if (actual !== expected) problems.push(`${id}: ${actual} came instead of ${expected}`);
  }

  return { id, position, here, kept, outside, step, equal };
}

/** A promise that a callback with an error or a result settles, whichever context it runs in. */
const called = (start) =>
  new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));

module.exports = { own, problems, createRequest, called };
