import type { Line } from './driver.js';

/** The lines of each trace, in their order. */
export function byTrace(lines: readonly Line[]): Map<string, Line[]> {
  const traces = new Map<string, Line[]>();
  for (const line of lines) {
    const own = traces.get(line.base_id);
    if (own === undefined) traces.set(line.base_id, [line]);
    else own.push(line);
  }
  return traces;
}
