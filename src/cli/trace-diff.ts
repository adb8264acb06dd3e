// `ostrace trace diff`: compares two traces.
import { diff } from '../report/diff.js';
import { renderDiff } from '../report/diff-text.js';
import { sentenceOf } from '../report/diff-words.js';
import { safeJson } from '../report/format.js';
import { type Tree, buildTree } from '../report/tree.js';
import { CommandError, type Shell, command } from './command.js';
import { deliver, fileFrom, formatOptions } from './formats.js';
import { countOf } from './list-filter.js';
import { stringifyComparison } from './page-file.js';
import { withStores } from './readable.js';
import { readSaved, savedName } from './saved-trace.js';
import { connectionOption, settings } from './settings.js';
import { defaultTop, topOption } from './stats-output.js';
import { readable } from './store.js';
import { checkedId, findTrace, idForms } from './trace-id.js';

export const traceDiff = command({
  name: 'trace diff',
  operands: '[A] [B]',
  about: `Compares trace B with trace A, and says what became slower or faster, what is new and what is gone, by how much each explains the difference of the durations.

Points are compared by what they did (the same call, the same statement with other values) below points that did the same, wherever among their siblings they are.

A trace is named by ${idForms}. --file takes a saved one in its place; saved ones come first, so --file SAVED B compares the stored trace B with the saved one.`,
  options: {
    file: {
      type: 'string',
      value: 'SAVED',
      multiple: true,
      help: 'Take the trace in this file, or on stdin for -, as --json of trace show has printed it. May be given twice.',
    },
    json: {
      type: 'boolean',
      help: 'Print the comparison as JSON: the sentence, the two traces, and all differences (durations in microseconds).',
    },
    html: {
      type: 'boolean',
      help: 'Print a page of HTML that shows both traces beside each other in a browser, and what each difference adds. It is one file, which needs no server and asks nobody for anything.',
    },
    out: formatOptions.out,
    open: formatOptions.open,
    top: topOption,
    'connection-string': connectionOption,
  },
  async run(values, operands, shell) {
    const { file: files } = values;
    const given = files.length + operands.length;
    if (given !== 2) {
      throw new CommandError(
        `expected two traces, by their ids or by --file, got ${given}; see ostrace trace diff --help`,
      );
    }
    if (files.every((file) => file === '-') && files.length === 2) {
      throw new CommandError('stdin holds one trace; give - once');
    }
    if (values.json && values.html) {
      throw new CommandError('--json and --html are different formats; give one of them');
    }
    const to = { out: fileFrom(values.out), isOpened: values.open };
    const asked = operands.map(checkedId);
    const top = countOf('--top', values.top, ', 0 for all') ?? defaultTop;
    const saved: Tree[] = [];
    for (const file of files) {
      const { stored } = await readSaved(shell, savedName(file));
      saved.push(buildTree(stored.events));
    }
    const [a, b] = [...saved, ...(await storedTrees(shell, asked, values['connection-string']))];
    await deliver(
      shell,
      `diff-${[a!, b!].map(({ base_id }) => base_id.slice(0, 8)).join('-')}.${endingOf(values)}`,
      (display) => {
        if (values.html) return stringifyComparison(a!, b!);
        const compared = diff(a!, b!);
        return values.json
          ? [`${safeJson({ sentence: sentenceOf(compared), ...compared })}\n`]
          : renderDiff(compared, display, top || Infinity);
      },
      to,
    );
    return 0;
  },
});

async function storedTrees(
  shell: Shell,
  asked: readonly string[],
  connection: string | undefined,
): Promise<readonly Tree[]> {
  // Two saved traces need no store, which may be away.
  if (asked.length === 0) return [];
  return withStores(settings(shell, connection), shell.warn, async (store) => {
    const trees: Tree[] = [];
    for (const id of asked) {
      const [base_id, stored] = await findTrace(id, store);
      trees.push(buildTree(readable(shell, base_id, stored).events));
    }
    return trees;
  });
}
const endingOf = ({ html, json }: { readonly html: boolean; readonly json: boolean }): string =>
  html ? 'html' : json ? 'json' : 'txt';
