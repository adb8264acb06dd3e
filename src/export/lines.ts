/** The trace of a line, which `point.ts` wrote with the id at a fixed place after its name. */
export function baseIdOf(line: string): string {
  const start = line.indexOf('"base_id":"') + '"base_id":"'.length;
  return line.slice(start, start + 36);
}
