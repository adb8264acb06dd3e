// What the threads of a pool do.
const { profiler } = require('ostrace');

module.exports = async ({ value, fails, spins, unclonable, ...rest }) => {
  profiler.trace('begun', () => {});
  await new Promise((resolve) => setTimeout(resolve, 2));
  profiler.trace('done', () => {});
  if (fails) throw Object.assign(new RangeError('in the task'), { code: 'TASK' });
  if (spins) for (Atomics.store(spins, 0, 1); ;);
  if (unclonable) return () => {};
  return value ?? Object.keys(rest);
};
module.exports.named = ({ value }) => ['named', value];
