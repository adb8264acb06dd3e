/** The trace of a line: `serializer.ts` writes the id at a fixed place after the name. */
export function baseIdOf(line: string): string {
  const start = line.indexOf('"base_id":"') + '"base_id":"'.length;
  return line.slice(start, start + 36);
}
