// How a trace is shown to people: its options, and its tree below what was found.
import { findingsOf } from '../report/findings/findings.js';
import { renderFindings } from '../report/findings/text.js';
import { marksOf } from '../report/marks.js';
import type { Display } from '../report/pieces.js';
import { renderTree } from '../report/text.js';
import { buildTree } from '../report/tree.js';
import type { Event } from '../trace/event.js';
import { CommandError, type Option } from './command.js';
import { noPagerOption } from './pager.js';

export const viewOptions = {
  'no-pager': noPagerOption,
  unfold: {
    type: 'boolean',
    help: 'Print each point on a line of its own. Otherwise, five or more equal siblings share a line.',
  },
  all: { type: 'boolean', help: 'The same as --unfold.' },
  findings: { type: 'boolean', help: 'Print all findings, and not only the three that explain most.' },
  'no-findings': { type: 'boolean', help: 'Print no findings, and a tree without what they mark.' },
} as const satisfies Readonly<Record<string, Option>>;

/** The parts of a trace that are shown. */
export interface View {
  readonly isFolded: boolean;
  /** How many findings are shown; undefined for none, and no word of it. */
  readonly mostFindings: number | undefined;
  /** Whether a pager may show what is longer than the terminal. */
  readonly isPaged: boolean;
}

const fewFindings = 3;

/** @throws CommandError if the options exclude each other */
export function viewFrom(values: Readonly<Record<keyof typeof viewOptions, boolean>>): View {
  const { unfold, all, findings, 'no-findings': none, 'no-pager': noPager } = values;
  if (findings && none) throw new CommandError('--findings and --no-findings exclude each other');
  return {
    isFolded: !(unfold || all),
    isPaged: !noPager,
    mostFindings: none ? undefined : findings ? Infinity : fewFindings,
  };
}

/** Writes a trace as a tree, below what was found. */
export function renderTrace(
  events: readonly Event[],
  display: Display,
  { isFolded, mostFindings }: Pick<View, 'isFolded' | 'mostFindings'>,
): Iterable<string> {
  const tree = buildTree(events);
  if (mostFindings === undefined) return renderTree(tree, display, isFolded);
  const found = findingsOf(tree);
  const lines = renderFindings(found, display, mostFindings);
  return renderTree(tree, display, isFolded, lines, marksOf(found, mostFindings));
}
