// A table of texts, in which equal ones are once: points have thousands of equal words.

/** Texts by their indexes. */
export class Texts {
  readonly all: string[] = [];
  readonly #known = new Map<string, number>();

  /** The index of a text. */
  indexOf(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}
