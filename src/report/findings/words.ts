// The words of findings: names of points, times and shares.
import { type Analysis, oncePerAnalysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import { about } from '../about.js';
import { textFact } from '../facts.js';
import { clean, cut, duration, share } from '../format.js';
import { whatOf } from '../what.js';
import { statementOf } from './calls.js';

const maxNameColumns = 90;

/**
 * The work of a point, as a sentence names it: `select * from items where order_id = ?`, `GET stock:4000/items/{id}`.
 *
 * @param columns what is longer is cut
 */
export function nameOf(span: Span, columns = maxNameColumns): string {
  const short = (text: string): string => cut(clean(text), columns);
  const { name, startInfo } = span.point;
  const { label, subject } = about(span.point);
  if (name === 'db' || name === 'sql') {
    const verb = textFact(startInfo, 'db', 'verb');
    const statement = statementOf(span) || (verb === '' ? '' : `${verb} (${subject})`);
    return short(statement || `${label} ${subject}`);
  }
  if (name === 'wsgi') return short(subject || label);
  if (name === 'http' || name === 'https' || name === 'command') return short(whatOf(span.point) || label);
  return short(`${label} ${subject}`.trim());
}

/** The work of several equal calls. */
export function kindNameOf(span: Span): string {
  const { name } = span.point;
  const sql = span.children.find(({ point }) => point.name === 'sql');
  if (name === 'db')
    return sql === undefined && statementOf(span) === '' ? nameOf(span) : short(whatOf((sql ?? span).point));
  return name === 'http' || name === 'https' ? short(whatOf(span.point)) : nameOf(span);
}

const short = (text: string): string => cut(clean(text), maxNameColumns);

/** `312 ms, 38 %`; only the time if it is not a part of the trace's. */
export function timeOf(micros: number, { duration: whole }: Pick<Analysis, 'duration'>): string {
  const part = share(micros, whole);
  return micros > whole || part === '' ? duration(micros) : `${duration(micros)}, ${part.replace('%', ' %')}`;
}

/** ` in stock`, if the trace has several services. */
export function placeOf({ point: { service } }: Span, analysis: Analysis): string {
  return service === null || service === '' || !hasServices(analysis) ? '' : ` in ${clean(service)}`;
}

const hasServices = oncePerAnalysis(({ spans }) =>
  spans.some(({ point }) => point.service !== spans[0]!.point.service),
);

/** ` (src/orders.js:42, in listOrders)`: where in the application's code one of these calls was made, if one says it. */
export function codeOf(spans: readonly Span[]): string {
  for (const { point } of spans) {
    const file = textFact(point.startInfo, 'code', 'file');
    if (file === '') continue;
    const line = textFact(point.startInfo, 'code', 'line');
    const name = textFact(point.startInfo, 'code', 'function');
    return ` (${clean(file)}${line === '' ? '' : `:${line}`}${name === '' ? '' : `, in ${clean(name)}`})`;
  }
  return '';
}

/** The promise at the end of an advice. */
export function soonerBy(micros: number, { duration: whole }: Pick<Analysis, 'duration'>): string {
  return micros * 100 < whole ? '' : ` The request would end about ${duration(Math.round(micros))} sooner.`;
}
