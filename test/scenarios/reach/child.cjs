// A child that says whether the agent is on in it; `again`: of a child of its own.
const { fork } = require('node:child_process');

if (process.argv[2] === 'again') fork(__filename);
else {
  console.log(require('./state.cjs').isOn ? 'on' : 'off');
  if (process.connected) process.disconnect();
}
