import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { receiver, serve } from './service.cjs';

serve((way) => {
  const child = fork(fileURLToPath(new URL('process.mjs', import.meta.url)), [way], {
    serialization: 'advanced',
  });
  return receiver(child, 'send', () => {
    child.disconnect();
    return once(child, 'exit');
  });
});
