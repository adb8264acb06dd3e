const { fork } = require('node:child_process');
const { once } = require('node:events');
const { join } = require('node:path');
const { receiver, serve } = require('./service.cjs');

serve((way) => {
  const child = fork(join(__dirname, 'process.cjs'), [way]);
  return receiver(child, 'send', () => {
    child.disconnect();
    return once(child, 'exit');
  });
});
