// Redis's protocol, version 2 (https://redis.io/docs/latest/develop/reference/protocol-spec/): what commands and
// replies look like on the wire.

export type Command = readonly string[];

/** What the server answers to a command: a text, a number, nothing, a list of such, or its refusal. */
export type Reply = string | number | null | ReplyError | Reply[];

/** The server refuses a command, in its own words. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** From here on a text is sent: Node copies a longer one into memory that it has to ask the system for. */
const longText = 8 * 1024;

/** Commands as texts, to be sent as UTF-8 one after the other. */
export function* encodeCommands(commands: readonly Command[]): Generator<string> {
  let text = '';
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const part of command) {
      text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
      if (text.length < longText) continue;
      yield text;
      text = '';
    }
  }
  yield text;
}

const lineFeed = 0x0a;
/** The first byte of a reply: what it is. */
const type = { text: 0x2b, error: 0x2d, number: 0x3a, bulk: 0x24, list: 0x2a } as const;
/** A reply that is no bulk is short: an error, a number. */
const longestLine = 64 * 1024;

/** A list whose items are still coming. */
interface OpenList {
  readonly items: Reply[];
  readonly length: number;
}

/** Puts replies together from the pieces in which they come. */
export class ReplyReader {
  readonly #onReply: (reply: Reply) => void;
  #pieces: Buffer[] = [];
  #length = 0;
  /** How many bytes it takes to go on: of a text of megabytes, each piece is not to be looked through anew. */
  #needed = 1;
  /** Whether the end of a line is what it takes: a server may send it byte by byte. */
  #isInLine = false;
  /** From the outside in. */
  readonly #lists: OpenList[] = [];

  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply;
  }

  /** @throws Error when it is no reply of Redis's; nothing that follows can be read then */
  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed) return;
    const goesOn = this.#isInLine && !piece.includes(lineFeed);
    if (goesOn && this.#length <= longestLine) return;
    this.#isInLine = false;
    const bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    let at = 0;
    for (let next = this.#next(bytes, at); next > at; next = this.#next(bytes, at)) at = next;
    this.#length = bytes.length - at;
    this.#pieces = this.#length === 0 ? [] : [bytes.subarray(at)];
  }

  /**
   * Takes the reply, or the beginning of the list, that lies here.
   *
   * @returns where the next one begins; `at` where this one is not all there
   */
  #next(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) {
      this.#needed = bytes.length - at + 1;
      this.#isInLine = true;
      if (this.#needed > longestLine) throw stranger();
      return at;
    }
    const line = bytes.toString('utf8', at + 1, end - 1);
    const start = end + 1;
    switch (bytes[at]) {
      case type.text:
        this.#take(line);
        return start;
      case type.error:
        this.#take(new ReplyError(line));
        return start;
      case type.number:
        this.#take(numberOf(line));
        return start;
      case type.list:
        this.#open(numberOf(line));
        return start;
      case type.bulk:
        return this.#bulk(bytes, at, start, numberOf(line));
      default:
        throw stranger();
    }
  }

  #bulk(bytes: Buffer, at: number, start: number, length: number): number {
    if (length < 0) {
      this.#take(null);
      return start;
    }
    const next = start + length + 2;
    if (next > bytes.length) {
      this.#needed = next - at;
      return at;
    }
    this.#take(bytes.toString('utf8', start, start + length));
    return next;
  }

  #open(length: number): void {
    if (length > 0) this.#lists.push({ items: [], length });
    else this.#take(length === 0 ? [] : null);
  }

  #take(reply: Reply): void {
    let whole = reply;
    for (let list = this.#lists.at(-1); list !== undefined; list = this.#lists.at(-1)) {
      list.items.push(whole);
      if (list.items.length < list.length) return;
      this.#lists.pop();
      whole = list.items;
    }
    this.#onReply(whole);
  }
}

function numberOf(line: string): number {
  if (!/^-?\d{1,15}$/.test(line)) throw stranger();
  return Number(line);
}

const stranger = (): Error => new Error('it does not speak the Redis protocol; check the host and the port');
