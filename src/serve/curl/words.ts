// The parts that the readers of a pasted command share.

/** A command that cannot be read, or asks for what the page does not do; the message is one sentence for people. */
export class CurlError extends Error {
  override readonly name: string = 'CurlError';
}

/** The words of a command. A word is bytes, because a shell's escapes may name single bytes. */
export class Words {
  readonly #words: Buffer[] = [];
  #word: Buffer[] | undefined;

  /** Adds to the word; an empty text makes an empty word. */
  add(part: string | number): void {
    (this.#word ??= []).push(typeof part === 'number' ? Buffer.of(part) : Buffer.from(part));
  }

  end(): void {
    if (this.#word !== undefined) this.#words.push(Buffer.concat(this.#word));
    this.#word = undefined;
  }

  all(): readonly Buffer[] {
    this.end();
    return this.#words;
  }
}
