// Makes of two traces what the page shows of them beside each other. The comparison is that of `ostrace trace diff`,
// with waiting and blocking as steps of their own.
import type { Aligned } from '../align.js';
import type { Analysis } from '../analysis/analyse.js';
import { type Span, isWholeTrace } from '../analysis/span.js';
import { type Beside, type DiffTrace, beside, changeOf, diffOf } from '../diff.js';
import { cautions, reason, reasons, signed } from '../diff-words.js';
import { clean, cut, duration } from '../format.js';
import { subjectText } from '../subject.js';
import type { Tree } from '../tree.js';
import type { ComparedTrace, PageComparison, PageStep } from './comparison.js';
import { kindOf, kinds } from './kinds.js';
import type { PagePiece, Pattern } from './page-trace.js';
import { type Slice, slicesOf } from './slices.js';

const maxLabelColumns = 300;

/** A step while its parts are added up. */
interface Draft {
  readonly index: number;
  /** Undefined for the time between the points at the top. */
  readonly group: Aligned | undefined;
  readonly pattern: Pattern;
  /** What it was, if it was no work. */
  readonly short: string;
  readonly kind: number;
  readonly self: [number, number];
  readonly count: [number, number];
}

/** Compares a trace with one before it, for the page. */
export function comparisonOf(a: Tree, b: Tree): PageComparison {
  const compared = beside(a, b);
  const diff = diffOf(compared);
  const steps = new Steps(compared);
  const [ofA, ofB] = [steps.add(compared.ofA, 0), steps.add(compared.ofB, 1)];
  for (const group of compared.groups) steps.countIn(group);
  const order = steps.all
    .map((draft) => ({ draft, step: stepFrom(draft) }))
    .toSorted((one, other) => Math.abs(other.step.difference) - Math.abs(one.step.difference));
  const places = new Map(order.map(({ draft }, place) => [draft.index, place]));
  const side = (trace: DiffTrace, { to, key }: ComparedTrace['parts']): ComparedTrace => ({
    base_id: trace.base_id,
    startedAt: trace.startedAt,
    title: cut(clean(subjectText(trace.beginning)), maxLabelColumns) || '(no name)',
    duration: trace.duration,
    points: trace.points,
    errors: trace.errors,
    unfinished: trace.unfinished,
    parts: { to, key: key.map((index) => places.get(index)!) },
  });
  return {
    version: 1,
    kinds,
    a: side(diff.a, ofA),
    b: side(diff.b, ofB),
    difference: diff.difference,
    sentence: sentence(diff.difference, order),
    cautions: cautions(diff).map(clean),
    steps: order.map(({ step }) => step),
  };
}

class Steps {
  readonly all: Draft[] = [];
  readonly #groupOf: Beside['groupOf'];
  readonly #known = new Map<Aligned | undefined, Map<string, Draft>>();

  constructor({ groupOf }: Beside) {
    this.#groupOf = groupOf;
  }

  /** Adds the critical path of a trace; gives its parts, which follow each other without a gap. */
  add(analysis: Analysis, side: 0 | 1): ComparedTrace['parts'] {
    const [to, key]: [number[], number[]] = [[], []];
    for (const slice of slicesOf(analysis)) {
      const draft = this.#draftOf(slice);
      draft.self[side] += slice.to - slice.from;
      if (draft.short !== '') draft.count[side]++;
      if (key.at(-1) === draft.index) to.pop();
      else key.push(draft.index);
      to.push(slice.to - analysis.root.from);
    }
    return { to, key };
  }

  countIn(group: Aligned): void {
    const draft = this.#known.get(group)?.get('');
    if (draft === undefined) return;
    draft.count[0] = group.a.length;
    draft.count[1] = group.b.length;
  }

  #draftOf({ span, pattern, short }: Slice): Draft {
    const group = isWholeTrace(span) ? undefined : this.#groupOf(span.point);
    // How long nothing was recorded depends on what is worth a name in each trace: that is own time as other.
    const isNamed = pattern === 'blocked' || pattern === 'wait';
    const name = isNamed ? short : '';
    const drafts = this.#known.get(group) ?? new Map<string, Draft>();
    this.#known.set(group, drafts);
    const known = drafts.get(name);
    if (known !== undefined) return known;
    const draft: Draft = {
      index: this.all.length,
      group,
      pattern: group === undefined ? 'none' : isNamed ? pattern : 'work',
      short: name,
      kind: kindOf(callOf(span)),
      self: [0, 0],
      count: [0, 0],
    };
    drafts.set(name, draft);
    this.all.push(draft);
    return draft;
  }
}

/** A statement has the colour of its call. */
const callOf = (span: Span): Span =>
  span.point.name === 'sql' && span.parent?.point.name === 'db' ? span.parent : span;

function stepFrom({ group, pattern, short, kind, self, count }: Draft): PageStep {
  const difference = self[1] - self[0];
  const what = group === undefined ? '' : cut(clean(subjectText(group.subject)), maxLabelColumns);
  const about = [
    short === '' ? (group?.hasBelow === true ? 'itself' : '') : `in ${what}`,
    group?.moved === true ? 'elsewhere' : '',
  ];
  return {
    label: group === undefined ? 'between the points at the top' : short || what || '(no name)',
    detail: about.filter((word) => word !== '').join(', '),
    pattern,
    kind,
    service: cut(clean(group?.subject.service ?? ''), maxLabelColumns),
    change: changeIn(short, self, count, difference),
    difference,
    a: group !== undefined && count[0] === 0 ? null : { count: count[0], self: self[0] },
    b: group !== undefined && count[1] === 0 ? null : { count: count[1], self: self[1] },
  };
}

/** The count of waits tells only whether there were some. */
function changeIn(
  short: string,
  self: readonly [number, number],
  count: readonly [number, number],
  difference: number,
): PageStep['change'] {
  const change = changeOf(count[0], count[1], difference);
  const isAlike = change === 'more' || change === 'fewer';
  return short !== '' && isAlike ? changeOf(1, 1, difference) : change;
}

function sentence(
  difference: number,
  order: readonly { readonly draft: Draft; readonly step: PageStep }[],
): readonly PagePiece[] {
  const parts = order.map(({ draft, step }) => ({ draft, step, difference: step.difference }));
  const why = reasons(parts, 0, ({ draft: { group, short }, step }) => {
    if (group === undefined || short !== '') return `${step.label} (${signed(step.difference)})`;
    return reason({ ...group.subject, ...step, kind: group.subject.kind, hasBelow: group.hasBelow });
  });
  const figure = `${duration(Math.abs(difference))} ${difference > 0 ? 'longer' : 'less'} than A`;
  return [
    { text: 'B took ' },
    difference === 0 ? { text: 'as long as A' } : { text: figure, style: 'figure' },
    { text: `: ${why.replaceAll('(-', '(\u2212')}.` },
  ];
}
