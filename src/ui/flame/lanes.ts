// Lanes beside each other, each for work that does not overlap.
//
// The first lane that is free is found in a tree of the least ends: among thousands of calls at once, a search lane by
// lane would take seconds.

/** Gives out lanes, the uppermost that is free. */
export class Lanes {
  /** The end of the last work in each lane is in the second half; above it each number is the lesser of two. */
  #ends: Float64Array<ArrayBuffer> = new Float64Array(4).fill(-Infinity);

  /** Gives the number of the first lane in which nothing ends after `from`, and fills it up to `to`. */
  take(from: number, to: number): number {
    if (this.#ends[1]! > from) this.#grow();
    const half = this.#ends.length / 2;
    let node = 1;
    while (node < half) node = this.#ends[2 * node]! <= from ? 2 * node : 2 * node + 1;
    const lane = node - half;
    this.#set(node, Math.max(this.#ends[node]!, to));
    return lane;
  }

  #set(leaf: number, end: number): void {
    this.#ends[leaf] = end;
    for (let node = leaf >> 1; node >= 1; node >>= 1) {
      this.#ends[node] = Math.min(this.#ends[2 * node]!, this.#ends[2 * node + 1]!);
    }
  }

  #grow(): void {
    const half = this.#ends.length / 2;
    const before = this.#ends.subarray(half);
    this.#ends = new Float64Array(4 * half).fill(-Infinity);
    for (const [lane, end] of before.entries()) this.#ends[2 * half + lane] = end;
    for (let node = 2 * half - 1; node >= 1; node--) {
      this.#ends[node] = Math.min(this.#ends[2 * node]!, this.#ends[2 * node + 1]!);
    }
  }
}
