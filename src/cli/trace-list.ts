import { variableName } from '../config/options.js';
import { ago, moment } from '../report/format.js';
import { parseTimestamp } from '../trace/parse.js';
import { CommandError, command, print } from './command.js';
import { connectionOption, settings } from './settings.js';
import { storeName, withStore } from './store.js';

const defaultLimit = 20;
const errorVariable = variableName('filterErrorTrace');

export const traceList = command({
  name: 'trace list',
  operands: '',
  about: 'Lists the stored traces, newest first: the id, and when the first event was sent.',
  options: {
    json: { type: 'boolean', help: 'Print an array of {"base_id", "timestamp"}.' },
    'error-trace': {
      type: 'boolean',
      help: `List only traces with a failed point, of services that ran with ${errorVariable}.`,
    },
    limit: {
      type: 'string',
      value: 'N',
      help: `List no more than N; 0 lists all. ${defaultLimit} when not given, all with --json.`,
    },
    'connection-string': connectionOption,
  },
  async run(values, _operands, shell) {
    const limit = limitFrom(values.limit ?? (values.json ? '0' : `${defaultLimit}`));
    const config = settings(shell, values['connection-string']);
    const isOfErrors = values['error-trace'];
    const all = await withStore(config, (driver) => (isOfErrors ? driver.listErrors() : driver.list()));
    const shown = limit === 0 ? all : all.slice(0, limit);
    if (values.json) await print(shell, `${JSON.stringify(shown, null, 2)}\n`);
    if (all.length === 0) {
      const advice = isOfErrors
        ? `services list them with ${errorVariable}=true, in stores that keep such a list: files, Redis, MongoDB, Elasticsearch, InfluxDB`
        : 'ostrace request makes one, and --connection-string names another store';
      throw new CommandError(
        `there are no ${isOfErrors ? 'failed ' : ''}traces in ${storeName(config)}; ${advice}`,
      );
    }
    if (values.json) return 0;
    const now = Date.now() * 1000;
    for (const { base_id, timestamp } of shown) {
      const micros = parseTimestamp(timestamp) ?? 0;
      await print(shell, `${base_id}  ${moment(micros)}  ${ago(micros, now)}\n`);
    }
    if (shown.length < all.length) {
      shell.warn(`${all.length - shown.length} older traces are not shown; --limit 0 lists all`);
    }
    return 0;
  },
});

function limitFrom(given: string): number {
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new CommandError(`--limit is "${given}"; expected a whole number, 0 for all`);
}
