// `ostrace flush`: stores the events that gone processes have left in the spool.
import { driverSettings, spoolSettings } from '../config/config.js';
import { masked, splitConnections } from '../drivers/index.js';
import { flushSpool } from '../export/flush.js';
import { count, countWas } from '../trace/count.js';
import { messageOf } from '../trace/notice.js';
import { command, print } from './command.js';
import { connectionOption, settings } from './settings.js';

export const flush = command({
  name: 'flush',
  operands: '',
  about: `Stores the events that wait in the spool because a process ended while its store did not accept them. Each traced process does this too, as soon as its store accepts events. Use this command if no traced process is running, or if the events are needed now.

Events that a running process has spooled belong to that process and are left alone.`,
  options: {
    'connection-string': connectionOption,
  },
  async run(values, _operands, shell) {
    const config = settings(shell, values['connection-string']);
    let code = 0;
    for (const connection of splitConnections(config.connectionString)) {
      const progress = shell.progress(`storing events in ${masked(connection)}`);
      const { stored, waiting, problem } = await flushSpool(
        connection,
        { drivers: driverSettings(config), spool: spoolSettings(config) },
        (done) => progress.at(done),
      ).finally(() => progress.end());
      if (problem !== undefined) {
        shell.warn(messageOf(problem));
        code = 1;
      }
      const rest =
        waiting === 0 ? '' : `; ${count(waiting, 'event')} ${waiting === 1 ? 'is' : 'are'} still waiting`;
      await print(shell, `${masked(connection)}: ${countWas(stored, 'event')} stored${rest}\n`);
    }
    return code;
  },
});
