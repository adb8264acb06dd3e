// `ostrace trace show`: prints a trace.
import type { StoredTrace } from '../drivers/driver.js';
import { stringifyReport } from '../report/json.js';
import { buildReport } from '../report/report.js';
import { CommandError, command, printAll } from './command.js';
import { type Store, withStores } from './readable.js';
import { connectionOption, settings } from './settings.js';
import { printTree, readable, unfoldOptions } from './store.js';
import { expectedId, idForms, mayBeId, traceIdFrom } from './trace-id.js';

export const traceShow = command({
  name: 'trace show',
  operands: 'ID',
  about: `Prints a trace as a tree, with a line for each point: its duration, its share of the whole, when it ran, its service and what it did. ✗ marks a failed point, … marks an unfinished point, and "cancelled" marks a point that its caller gave up on purpose.

A trace is named by ${idForms}.

Colours are used on a terminal unless NO_COLOR is set, and elsewhere if FORCE_COLOR is set.`,
  options: {
    json: { type: 'boolean', help: "Print OSProfiler's report, as osprofiler trace show --json does." },
    ...unfoldOptions,
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    const asked = idFrom(operands);
    const config = settings(shell, values['connection-string']);
    const [base_id, stored] = await withStores(config, shell.warn, async (store) => {
      const id = await traceIdFrom(asked, store);
      return [id, await find(store, id)] as const;
    });
    if (!values.json) {
      await printTree(shell, base_id, stored, !(values.unfold || values.all));
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
  if (mayBeId(base_id)) return base_id;
  throw new CommandError(
    `"${base_id}" is not a trace id; expected ${expectedId}; ostrace trace list shows them`,
  );
}

/** Looks for the id as it was typed, then as nearly everyone writes ids. */
async function find(store: Store, base_id: string): Promise<StoredTrace> {
  const stored = (await store.read(base_id)) ?? (await store.read(base_id.toLowerCase()));
  if (stored !== undefined) return stored;
  const advice = store.canList() ? '; ostrace trace list shows what is stored there' : '';
  throw new CommandError(`there is no trace ${base_id} in ${store.name()}${advice}`);
}
