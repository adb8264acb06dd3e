// Finds out which trace a spooled line belongs to, without parsing it.

/** The trace of a line: `serializer.ts` writes its id at a fixed place after its name. */
export function baseIdOf(line: string): string {
  const start = line.indexOf('"base_id":"') + '"base_id":"'.length;
  return line.slice(start, start + 36);
}
