// `ostrace flush`: stores the events that gone processes have left in the spool.
import { driverSettings, spoolSettings } from '../config/config.js';
import { masked, splitConnections } from '../drivers/index.js';
import { flushSpool } from '../export/flush.js';
import { countWas } from '../trace/count.js';
import { messageOf } from '../trace/notice.js';
import { command, print } from './command.js';
import { connectionOption, settings } from './settings.js';

export const flush = command({
  name: 'flush',
  operands: '',
  about: `Stores the events that wait in the spool because a process ended while its store did not take them. Each traced process does the same as soon as its store takes events; this is for when there is none, or for right now.

What a running process spools is its own, and left alone.`,
  options: {
    'connection-string': connectionOption,
  },
  async run(values, _operands, shell) {
    const config = settings(shell, values['connection-string']);
    let code = 0;
    for (const connection of splitConnections(config.connectionString)) {
      const { stored, waiting, problem } = await flushSpool(connection, {
        drivers: driverSettings(config),
        spool: spoolSettings(config),
      });
      if (problem !== undefined) {
        shell.warn(messageOf(problem));
        code = 1;
      }
      const rest = waiting === 0 ? '' : `; ${waiting} wait on`;
      await print(shell, `${masked(connection)}: ${countWas(stored, 'event')} stored${rest}\n`);
    }
    return code;
  },
});
