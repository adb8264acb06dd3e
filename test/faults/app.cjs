// An application under the agent that sends events at a steady rate while its store fails:
//   node app.cjs BASE_ID POINTS PER_TURN
// Prints how many events it has sent after each turn of 10 ms, and at the end how late its event loop was;
// goes on until its standard input ends, by process.exit(). A line of the input has it do something else:
//   burst COUNT        at the end of the input, so many points more, at once
//   kill exporter      the thread that stores them ends, wherever it is
//   take descriptors   all that the system lets the process have
//   give descriptors   back
const { AsyncResource, createHook } = require('node:async_hooks');
const { closeSync, openSync, readFileSync, writeSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { createInterface } = require('node:readline');
const { profiler } = require('ostrace');

const [base_id, points, perTurn] = process.argv.slice(2);
const delay = monitorEventLoopDelay({ resolution: 1 });
let made = 0;
let burst = 0;
let thread;
const taken = [];

// The agent's thread is no `Worker` that an application could see.
createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'WORKER') thread = resource;
  },
}).enable();

const does = {
  burst: (count) => (burst = Number(count)),
  kill: () => thread.stopThread(),
  take() {
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch {}
  },
  give() {
    for (const each of taken.splice(0)) closeSync(each);
  },
};

const make = (count) => {
  for (const last = made + count; made < last; made++) profiler.trace('work', { i: made }, () => {});
};
// Not by `process.stdout`, which may keep it for later: the process may be killed now.
const say = (text) => writeSync(1, `${text}\n`);

// The memory of this program alone: `maxRSS` of a process begins with that of the one which forked it.
const mostMemory = () => Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);

profiler.init('test-key', { base_id });
delay.enable();
// Not an interval, which belongs to no trace.
const turn = () => {
  make(Math.min(Number(perTurn), Number(points) - made));
  say(2 * made);
  if (made < Number(points)) {
    setTimeout(turn, 10);
    return;
  }
  delay.disable();
  say(`late ${delay.percentile(99) / 1e6}`);
};
setTimeout(turn, 10);
// What arrives on the standard input is nobody's: it is bound to the trace.
createInterface({ input: process.stdin })
  .on(
    'line',
    AsyncResource.bind((line) => {
      const [word, what] = line.split(' ');
      does[word](what);
      say(`did ${word}`);
    }),
  )
  .on(
    'close',
    AsyncResource.bind(() => {
      make(burst);
      say(2 * made);
      say(`memory ${Math.round(mostMemory() / 1024)}`);
      process.exit();
    }),
  );
