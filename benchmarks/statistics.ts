/** Summarises many noisy measurements. */
export interface Summary {
  readonly median: number;
  /** The middle half of the values lies between these two. */
  readonly low: number;
  readonly high: number;
}

export function summary(values: readonly number[]): Summary {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

/** The list from its n-th item on, then those before: so that nobody always comes first. */
export function rotated<Item>(items: readonly Item[], n: number): Item[] {
  const at = n % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

/** The list in another order, so that nobody always comes behind the same one. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

/** Numbers from 0 to below 1, the same ones for a seed: a linear congruential generator. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
