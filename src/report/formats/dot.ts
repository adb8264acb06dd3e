// Writes a report in Graphviz's language, as `osprofiler trace show --dot` does.
import { clean } from '../format.js';
import type { Report, ReportPoint } from '../report.js';

const maxPathLength = 30;

interface Frame {
  readonly id: number;
  readonly points: readonly ReportPoint[];
  next: number;
}

/**
 * Writes a report in Graphviz's language, to the letter as OSProfiler does: a node for each point, numbered from the
 * top down, and an arrow to each from the point above. A point that OSProfiler can't draw (an `rpc` without a
 * function, no service) has a node all the same.
 */
export function* stringifyDot({ info, children }: Report): Generator<string> {
  let count = 0;
  yield 'digraph {\n';
  yield node(count, `total - ${info.finished} ms`);
  const open: Frame[] = [{ id: count++, points: children, next: 0 }];
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const point = frame.points[frame.next++];
    if (point !== undefined) {
      yield node(count, labelOf(point.info));
      open.push({ id: count++, points: point.children, next: 0 });
      continue;
    }
    open.pop();
    // An arrow comes when all below its end is written.
    const above = open.at(-1);
    if (above !== undefined) yield `\t${above.id} -> ${frame.id}\n`;
  }
  // OSProfiler prints the graph and a line break.
  yield '}\n\n';
}

const node = (id: number, label: string): string => `\t${id} [label="${label}"]\n`;

/** The first line says what ran for how long; requests and calls have a second line. */
function labelOf(info: ReportPoint['info']): string {
  const { name, service, started, finished } = info;
  const prefix = typeof service === 'string' ? `${service}:` : '';
  const first = `${prefix}${String(name)} - ${Number(finished) - Number(started)} ms`;
  const second = name === 'wsgi' ? requestIn(info) : name === 'rpc' || name === 'driver' ? callIn(info) : '';
  return second === '' ? escaped(first) : `${escaped(first)}\\n${escaped(second)}`;
}

function requestIn(info: ReportPoint['info']): string {
  const { method, path } = members(members(startIn(info))['request']);
  if (typeof method !== 'string' || typeof path !== 'string') return '';
  const beginning = Array.from(path.slice(0, 2 * maxPathLength))
    .slice(0, maxPathLength)
    .join('');
  return `${method} ${beginning}..`;
}

/** OSProfiler knows functions only. The agent's own calls have a method, and its messages a destination. */
function callIn(info: ReportPoint['info']): string {
  const start = members(startIn(info));
  const { name } = members(start['function']);
  if (typeof name === 'string') return name.slice(name.lastIndexOf('.') + 1);
  const { service, method, destination } = members(start['rpc']);
  return [service, method, destination].filter((each) => typeof each === 'string' && each !== '').join('/');
}

function startIn(info: ReportPoint['info']): unknown {
  return members(info[`meta.raw_payload.${String(info['name'])}-start`])['info'];
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** A text as a label shows it: Graphviz gives a meaning to backslashes and to HTML's names of characters. */
function escaped(text: string): string {
  return clean(text)
    .replace(/["\\]/g, '\\$&')
    .replace(/&(?=#?\w+;)/g, '&amp;');
}
