// An application under the agent that sends events at a steady rate while its store fails:
//   node app.cjs BASE_ID POINTS PER_TURN
// Prints how many events it has sent after each turn of 10 ms, and at the end how late its event loop was;
// goes on until its standard input ends, by process.exit().
const { writeSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { profiler } = require('ostrace');

const [base_id, points, perTurn] = process.argv.slice(2);
const delay = monitorEventLoopDelay({ resolution: 1 });
let made = 0;

profiler.init('test-key', { base_id });
delay.enable();
// Not an interval, which belongs to no trace.
const turn = () => {
  for (let i = 0; i < Number(perTurn) && made < Number(points); i++, made++) {
    profiler.trace('work', { i: made }, () => {});
  }
  // Not by `process.stdout`, which may keep it for later: the process may be killed now.
  writeSync(1, `${2 * made}\n`);
  if (made < Number(points)) {
    setTimeout(turn, 10);
    return;
  }
  delay.disable();
  writeSync(1, `late ${delay.percentile(99) / 1e6}\n`);
};
setTimeout(turn, 10);
process.stdin.resume().on('end', () => process.exit());
