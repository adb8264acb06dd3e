// Words the problems of settings. It is loaded for the first problem, and when a trace begins.

type Texts = Readonly<Record<string, string | undefined>>;

/**
 * Reports variables that were set after they were read, by dotenv and similar packages; undefined if there are
 * none.
 */
export function late(then: Texts, now: Texts): string | undefined {
  const names = Object.keys(then).filter((name) => ![undefined, then[name]].includes(now[name]));
  if (names.length === 0) return undefined;
  const [were, does] = names.length > 1 ? ['were', 'do'] : ['was', 'does'];
  return `${names.join(' and ')} ${were} set after the agent had started, and ${does} not count: let Node.js set the environment (node --env-file=.env), or preload the package that sets it before ostrace/register`;
}

const maxShownLength = 200;

/** Quotes a text for a message: on one line, of a readable length, without characters that a terminal acts on. */
export function quoted(text: string): string {
  const start = text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
  // Not a literal: V8 reads literals together with the code that contains them, and sets of Unicode take it half a
  // millisecond.
  const unprintable = new RegExp('[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}]', 'gu');
  return JSON.stringify(start).replace(
    unprintable,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** The name that differs from a mistyped one in at most two letters. */
export function nearest(mistyped: string, names: Iterable<string>): string | undefined {
  for (const name of names) {
    if (Math.abs(name.length - mistyped.length) <= 2 && distance(name, mistyped) <= 2) return name;
  }
  return undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
