import { driverSettings, spoolSettings } from '../config/config.js';
import { masked, splitConnections } from '../drivers/index.js';
import { Delivery } from '../export/delivery.js';
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
      const delivery = new Delivery(connection, {
        drivers: driverSettings(config),
        spool: spoolSettings(config),
      });
      let stored = 0;
      try {
        await delivery.flushSpool((count) => (stored += count));
      } catch (error) {
        shell.warn(error instanceof Error ? error.message : String(error));
        code = 1;
      }
      const waiting = delivery.spooled();
      const rest = waiting === 0 ? '' : `; ${waiting} wait on`;
      await print(shell, `${masked(connection)}: ${stored} events were stored${rest}\n`);
    }
    return code;
  },
});
