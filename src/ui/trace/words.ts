// The words and numbers of a trace's rows.
import { duration, share } from '../../report/format.js';
import { type Model, type Row, isGap, isRepeat, targetOf } from './model.js';

/** A time in a sentence: `310 ms`, with a space at which no line breaks. */
export const timeText = (micros: number): string => duration(Math.round(micros)).replaceAll(' ', '\u00a0');

/** A share in a sentence: `37 %`. */
export const shareText = (part: number, whole: number): string => share(part, whole).replace('%', '\u00a0%');

/** How many decimals milliseconds have in columns: short traces need more. */
export const decimalsOf = (range: number): number => (range < 5000 ? 3 : range < 20_000 ? 2 : 1);

/** A time in a column: milliseconds without a unit, so that its length is its magnitude. */
export const columnTime = (micros: number, decimals: number): string => (micros / 1000).toFixed(decimals);

/** The subject of a row. */
export function titleOf(model: Model, row: Row): string {
  const { trace } = model;
  const target = targetOf(model, row);
  if ('gap' in target) return trace.gaps[target.gap]!.label;
  if ('repeat' in target) return trace.texts[trace.points.what[model.members(row)[0]!]!]!;
  return trace.texts[trace.points.label[target.point]!]!;
}

/** How it ended, and other details. */
export function detailOf(model: Model, row: Row): string {
  const { trace } = model;
  const target = targetOf(model, row);
  if ('gap' in target) return trace.gaps[target.gap]!.detail;
  return 'repeat' in target ? '' : trace.texts[trace.points.detail[target.point]!]!;
}

/** `24 ×` before the title of a repeat. */
export const timesOf = (model: Model, row: Row): string =>
  isRepeat(model, row) ? `${model.members(row).length} ×` : '';

/** The service of a row; '' if it has none. */
export const serviceOf = ({ trace, service }: Model, row: Row): string => trace.services[service[row]!] ?? '';

const gapTags = { blocked: 'BLK', wait: 'WAIT', none: 'GAP' } as const;

/** The tag before the title. */
export function tagOf(model: Model, row: Row): string {
  const target = targetOf(model, row);
  if ('gap' in target) return gapTags[model.trace.gaps[target.gap]!.pattern];
  return model.trace.kinds[model.kind[row]!]!.tag;
}

/**
 * Makes a test for rows that have a text in their tag, service, title, details or failure. Each different text is
 * looked through once, because thousands of points have equal ones.
 *
 * @param query in lower case
 */
export function searching(model: Model, query: string): (row: Row) => boolean {
  const known = new Map<string, boolean>();
  const has = (text: string): boolean => {
    let found = known.get(text);
    if (found === undefined) {
      found = text.toLowerCase().includes(query);
      known.set(text, found);
    }
    return found;
  };
  return (row) =>
    has(titleOf(model, row)) ||
    has(detailOf(model, row)) ||
    has(serviceOf(model, row)) ||
    has(tagOf(model, row)) ||
    has(model.failure(row));
}

/** Whether a row names its service: where it differs from that of the row above. */
export function namesService(model: Model, row: Row): boolean {
  if (isGap(model, row) || model.trace.services.length < 2) return false;
  const above = model.above[row]!;
  return above < 0 || model.service[above] !== model.service[row];
}
