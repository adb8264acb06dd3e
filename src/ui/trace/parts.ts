// The parts of the duration, as the bar and its key need them. There may be a hundred thousand, so loops go by index.
import type { PageKey, PageTrace } from '../../report/page/page-trace.js';

/** A part that is wide enough to be seen and hit. */
export interface WidePart {
  readonly from: number;
  readonly to: number;
  readonly key: number;
}

/** What is worked out of all parts, once for a trace. */
export interface PartSums {
  /** How long the parts of each line of the key took together; their sum is the duration. */
  readonly sums: readonly number[];
  /** The middle of the longest part that proves each finding, by the finding's number. */
  readonly middles: ReadonlyMap<number, number>;
}

/** Adds up all parts. */
export function partSums({ parts, keys }: PageTrace): PartSums {
  const sums = keys.map(() => 0);
  const longest = keys.map(() => 0);
  const middle = keys.map(() => 0);
  const { to, key } = parts;
  let from = 0;
  for (let i = 0; i < to.length; i++) {
    const its = key[i]!;
    const length = to[i]! - from;
    sums[its]! += length;
    if (length > longest[its]!) {
      longest[its] = length;
      middle[its] = from + length / 2;
    }
    from = to[i]!;
  }
  const middles = new Map<number, number>();
  const best = new Map<number, number>();
  for (const [its, { finding }] of keys.entries()) {
    if (finding === 0 || longest[its]! <= (best.get(finding) ?? 0)) continue;
    best.set(finding, longest[its]!);
    middles.set(finding, middle[its]!);
  }
  return { sums, middles };
}

/** The parts that are at least so long, in the order of time. */
export function wideParts(
  { parts: { to, key } }: Pick<PageTrace, 'parts'>,
  least: number,
): readonly WidePart[] {
  const wide: WidePart[] = [];
  let from = 0;
  for (let i = 0; i < to.length; i++) {
    if (to[i]! - from >= least) wide.push({ from, to: to[i]!, key: key[i]! });
    from = to[i]!;
  }
  return wide;
}

/** The class that gives a part its look. */
export function lookOf({ keys, kinds }: PageTrace, key: number): string {
  const { pattern, kind, failed } = keys[key]!;
  return `k-${kinds[kind]!.family} w-${pattern} ${failed ? 'has-failed' : ''}`;
}

/** What is needed of a trace to paint its parts. */
type PartsToPaint = Pick<PageTrace, 'parts' | 'kinds'> & {
  readonly keys: readonly Pick<PageKey, 'pattern' | 'kind'>[];
};

/**
 * Draws the parts on a canvas by columns of pixels, each in the colour of the part that ends there.
 *
 * @param x the place of a moment, in pixels
 */
export function paintParts(
  context: CanvasRenderingContext2D,
  { parts: { to, key }, keys, kinds }: PartsToPaint,
  x: (at: number) => number,
  { top, height, least }: { readonly top: number; readonly height: number; readonly least: number },
): void {
  const styles = getComputedStyle(context.canvas);
  const colours = keys.map(({ pattern, kind }) =>
    styles.getPropertyValue(pattern === 'blocked' ? '--ink' : `--k-${kinds[kind]!.family}`),
  );
  let drawn = x(0);
  for (let i = 0; i < to.length; i++) {
    const right = x(to[i]!);
    // What adds less is the next one's.
    if (right - drawn < least) continue;
    const its = key[i]!;
    const { pattern } = keys[its]!;
    context.fillStyle = colours[its]!;
    context.globalAlpha = pattern === 'wait' || pattern === 'none' ? 0.5 : 1;
    context.fillRect(drawn, top, right - drawn, height);
    drawn = right;
  }
  context.globalAlpha = 1;
}
