const { profiler } = require('ostrace');
const { setTimeout } = require('node:timers/promises');

module.exports = async ({ id }) => {
  profiler.trace(`begun ${id}`, () => {});
  await setTimeout(id.length % 3);
  return profiler.trace(`done ${id}`, () => `${id}`);
};
