// Writes a report as JSON, as OSProfiler prints it.
import { asciiJson } from '../trace/ascii.js';
import type { Report, ReportPoint } from './report.js';

// Indentation grows with each level, so the text of a deep trace grows with the square of its depth. Python fails
// long before this depth. From here on, our output continues without line breaks.
const maxIndentedLevels = 400;
// With indentation, a long list of short values grows about 500 times, and no string could hold the list of a
// stored line of megabytes.
const maxIndentedLength = 256 * 1024;

interface Frame {
  readonly points: readonly ReportPoint[];
  /** The level of the points' braces. */
  readonly level: number;
  next: number;
}

/**
 * Writes a report as OSProfiler prints it: indented by two spaces, with everything but ASCII escaped, including
 * control characters. It does so in pieces and without recursion, because neither a string nor the stack holds the
 * largest reports.
 *
 * @param beside what else the object says, after OSProfiler's keys
 */
export function* stringifyReport(report: Report, beside: object = {}): Generator<string> {
  yield `{${lineBreak(1)}"info": ${stringify(report.info, 1)},${lineBreak(1)}"children": `;
  yield* stringifyPoints(report.children);
  yield `,${lineBreak(1)}"stats": ${stringify(report.stats, 1)}`;
  for (const [key, value] of Object.entries(beside)) {
    yield `,${lineBreak(1)}${stringify(key, 1)}: ${stringify(value, 1)}`;
  }
  yield `${lineBreak(0)}}\n`;
}

function* stringifyPoints(roots: readonly ReportPoint[]): Generator<string> {
  if (roots.length === 0) yield '[]';
  const open: Frame[] = roots.length === 0 ? [] : [{ points: roots, level: 2, next: 0 }];
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const { points, level, next } = frame;
    const point = points[next];
    if (point === undefined) {
      open.pop();
      yield `${lineBreak(level - 1)}]${open.length > 0 ? `${lineBreak(level - 2)}}` : ''}`;
      continue;
    }
    frame.next++;
    const inner = lineBreak(level + 1);
    yield (
      `${next === 0 ? '[' : ','}${lineBreak(level)}{${inner}"info": ${stringify(point.info, level + 1)},` +
        `${inner}"trace_id": ${stringify(point.trace_id, level + 1)},` +
        `${inner}"parent_id": ${stringify(point.parent_id, level + 1)},${inner}"children": `
    );
    if (point.children.length === 0) yield `[]${lineBreak(level)}}`;
    else open.push({ points: point.children, level: level + 2, next: 0 });
  }
}

function lineBreak(level: number): string {
  return level > maxIndentedLevels ? '' : `\n${'  '.repeat(level)}`;
}

function stringify(value: unknown, level: number): string {
  const compact = JSON.stringify(value);
  const json =
    level > maxIndentedLevels || compact.length > maxIndentedLength
      ? compact
      : JSON.stringify(value, null, 2).replaceAll('\n', lineBreak(level));
  return asciiJson(json);
}
