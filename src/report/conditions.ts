// Conditions on traces, as people write them in `trace list` and in the page's filter.

/** A test of a path; in a pattern, `*` stands for any text, and `{id}` for one part between slashes. */
export function pathTest(pattern: string): (path: string) => boolean {
  if (!/[*{]/.test(pattern)) return (path) => path.includes(pattern);
  const pieces = pattern.split(/(\*|\{[^/{}]*\})/).filter((piece) => piece !== '');
  return (path) => isWholeMatch(pieces, path);
}

/**
 * Follows all ways of matching at once, piece by piece. A regular expression tries them one after another, and their
 * number grows exponentially with the pieces.
 */
function isWholeMatch(pieces: readonly string[], path: string): boolean {
  /** For each place in the path, whether the pieces so far may end there. */
  let ends: readonly boolean[] = Array.from({ length: path.length + 1 }, (_, at) => at === 0);
  for (const piece of pieces) {
    ends = endsAfter(piece, path, ends);
    if (!ends.includes(true)) return false;
  }
  return ends[path.length]!;
}

function endsAfter(piece: string, path: string, starts: readonly boolean[]): readonly boolean[] {
  const isPart = /^\{[^/{}]*\}$/.test(piece);
  const ends: boolean[] = [];
  for (let at = 0; at <= path.length; at++) {
    const goesOn = ends[at - 1] ?? false;
    if (piece === '*') ends.push(goesOn || starts[at]!);
    else if (isPart) ends.push(at > 0 && path[at - 1] !== '/' && (goesOn || starts[at - 1]!));
    else ends.push((starts[at - piece.length] ?? false) && path.startsWith(piece, at - piece.length));
  }
  return ends;
}

/** A test of statuses such as `404` or `4xx,5xx`; undefined if the text is none. */
export function statusTest(codes: string): ((status: string) => boolean) | undefined {
  const each = codes.split(',').map((code) => code.trim().toLowerCase());
  if (!each.every((code) => /^[1-5][\dx]{2}$/.test(code))) return undefined;
  const some = new RegExp(`^(?:${each.map((code) => code.replaceAll('x', '\\d')).join('|')})$`);
  return (status) => some.test(status);
}

export const microsPer = { us: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10 } as const;

/** A time such as `250ms`, `1.5s` or, in milliseconds, `250`; in microseconds, and undefined if the text is none. */
export function durationFrom(text: string): number | undefined {
  const [, amount, unit = 'ms'] = /^(\d{1,9}(?:\.\d{1,6})?)\s*(us|ms|s|m)?$/.exec(text.trim()) ?? [];
  return amount === undefined ? undefined : Number(amount) * microsPer[unit as keyof typeof microsPer];
}
