// `ostrace trace show`: prints a trace.
import { CommandError, type Shell, command } from './command.js';
import { type Output, drawing, formatOptions, outputFrom, printTrace, unpaged } from './formats.js';
import { withStores } from './readable.js';
import { type NamedTrace, readSaved, savedName } from './saved-trace.js';
import { connectionOption, settings } from './settings.js';
import { readable } from './store.js';
import { checkedId, expectedId, findTrace, idForms, mayBeId, traceIdFrom } from './trace-id.js';
import { viewOptions } from './view.js';
import { watch } from './watch.js';

export const traceShow = command({
  name: 'trace show',
  operands: 'ID',
  about: `Prints what explains most of a trace's time, then the trace as a tree, with a line for each point: its duration, its share of the whole, when it ran, its service and what it did. ✗ marks a failed point, … marks an unfinished point, and "cancelled" marks a point that its caller gave up on purpose.

The column WHY has * for what is on the critical path: the trace would have ended sooner if that had been quicker. A number in it is that of the finding that names the point or the gap. Gaps are lines in italics: times on the critical path in which nothing below a point was running, from 1 % of the trace's time on.

A trace is named by ${idForms}. --file shows a saved one instead.

Colours are used on a terminal unless NO_COLOR is set, and elsewhere if FORCE_COLOR is set.`,
  options: {
    ...formatOptions,
    file: {
      type: 'string',
      value: 'SAVED',
      help: 'Show the trace in this file, or on stdin for -: what --json of this command or of osprofiler trace show has printed.',
    },
    watch: {
      type: 'boolean',
      help: 'Follow the trace while it grows, until it is complete or until Ctrl-C, and then print it. A trace that is not there yet is waited for.',
    },
    ...viewOptions,
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    const output = outputFrom(values);
    if (values.watch) {
      if (values.file !== undefined)
        throw new CommandError('a saved trace does not grow; give --file or --watch');
      return watchTrace(shell, idFrom(operands), values['connection-string'], output);
    }
    const { base_id, stored } =
      values.file === undefined
        ? await readStored(shell, idFrom(operands), values['connection-string'])
        : await readSaved(shell, fileFrom(values.file, operands));
    await printTrace(shell, base_id, stored, output);
    return 0;
  },
});

function fileFrom(file: string, operands: readonly string[]): string {
  if (operands.length > 0) throw new CommandError('give the id of a trace or --file, not both');
  return savedName(file);
}

function idFrom(operands: readonly string[]): string {
  const [base_id] = operands;
  if (base_id === undefined || operands.length > 1) {
    throw new CommandError(`expected one trace id, got ${operands.length}; see ostrace trace show --help`);
  }
  if (base_id.endsWith('.json') && !mayBeId(base_id)) {
    throw new CommandError(
      `"${base_id}" is not a trace id; expected ${expectedId}; --file shows a saved trace`,
    );
  }
  return checkedId(base_id);
}

/** Follows a trace, and prints its last state. */
async function watchTrace(
  shell: Shell,
  asked: string,
  connection: string | undefined,
  output: Output,
): Promise<number> {
  const config = settings(shell, connection);
  return withStores(config, shell.warn, async (store) => {
    const base_id = await traceIdFrom(asked, store);
    const { stored, missing } = await watch(shell, store, base_id, drawing(shell, output));
    if (stored === undefined) {
      shell.say(`no event of trace ${base_id} has arrived in ${store.name()}`);
      return 0;
    }
    await printTrace(shell, base_id, readable(shell, base_id, stored), unpaged(output));
    if (missing.length > 0) shell.warn(`stopped watching; missing: ${missing.join('; ')}`);
    return 0;
  });
}

async function readStored(shell: Shell, asked: string, connection: string | undefined): Promise<NamedTrace> {
  const config = settings(shell, connection);
  return withStores(config, shell.warn, async (store) => {
    const [base_id, stored] = await findTrace(asked, store);
    return { base_id, stored: readable(shell, base_id, stored) };
  });
}
