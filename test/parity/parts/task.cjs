// What a pool's thread does.
const { isMainThread, workerData } = require('node:worker_threads');

module.exports = async ({ what, value }) => {
  if (what === 'throw') throw Object.assign(new RangeError('in the task'), { code: 'TASK' });
  if (what === 'exit') process.exit(3);
  if (what === 'spin') for (;;);
  if (what === 'look')
    return [isMainThread, workerData, process.env.OWN, [...process.execArgv], process.argv.slice(2)];
  if (value instanceof ArrayBuffer) return value.byteLength;
  return [what, value];
};
module.exports.named = (value) => ['named', value];
