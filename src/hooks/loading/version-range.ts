// Compares the versions of packages.
/** The versions from the first, inclusive, to the second, exclusive. */
export type VersionRange = readonly [from: string, below: string];

/** Whether a version is in a range. A pre-release counts as the version that it leads to. */
export function isWithin(version: string, [from, below]: VersionRange): boolean {
  return compare(version, from) >= 0 && compare(version, below) < 0;
}

function compare(a: string, b: string): number {
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbers = (version: string): number[] => version.split(/[-+]/)[0]!.split('.').map(Number);
