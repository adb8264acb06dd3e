import type { Line } from './driver.js';

/** The lines of each trace, in their order. */
export function byTrace(lines: readonly Line[]): Map<string, Line[]> {
  const traces = new Map<string, Line[]>();
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const own = traces.get(line.base_id);
    // Not `[line]`: V8 makes objects of literals among the old ones, once most of them have lived on for a while, as
    // they do while a store is being connected to; and there they keep what they hold.
    if (own === undefined) traces.set(line.base_id, lines.slice(i, i + 1));
    else own.push(line);
  }
  return traces;
}
