import type { Driver, StoredTrace } from '../drivers/driver.js';
import { stringifyReport } from '../report/json.js';
import { buildReport } from '../report/report.js';
import { isUuid } from '../trace/ids.js';
import { CommandError, command, printAll } from './command.js';
import { connectionOption, settings } from './settings.js';
import { printTree, readable, storeName, withStore } from './store.js';

export const traceShow = command({
  name: 'trace show',
  operands: 'ID',
  about: `Prints a trace as a tree: a line for each point with the time that it took, its share of the whole, when it ran, its service and what it was about. Failed points are marked by ✗, unfinished ones by …; what was given up on purpose says cancelled.

Colours are used on a terminal, unless NO_COLOR is set.`,
  options: {
    json: { type: 'boolean', help: "Print OSProfiler's report, as osprofiler trace show --json does." },
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    const base_id = idFrom(operands);
    const config = settings(shell, values['connection-string']);
    const stored = await withStore(config, (driver) => find(driver, base_id));
    if (stored === undefined) {
      throw new CommandError(
        `there is no trace ${base_id} in ${storeName(config)}; ostrace trace list shows what is stored there`,
      );
    }
    if (!values.json) {
      await printTree(shell, base_id, stored);
      return 0;
    }
    const { events, reported } = readable(shell, base_id, stored);
    await printAll(shell, stringifyReport(buildReport(events, reported)));
    return 0;
  },
});

function idFrom(operands: readonly string[]): string {
  const [base_id] = operands;
  if (base_id === undefined || operands.length > 1) {
    throw new CommandError(`expected one trace id, got ${operands.length}; see ostrace trace show --help`);
  }
  if (isUuid(base_id)) return base_id;
  throw new CommandError(`"${base_id}" is no trace id; expected a UUID, as ostrace trace list shows them`);
}

/** As typed, then as nearly everyone writes ids. */
async function find(driver: Driver, base_id: string): Promise<StoredTrace | undefined> {
  return (await driver.read(base_id)) ?? driver.read(base_id.toLowerCase());
}
