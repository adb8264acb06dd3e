/**
 * Counts the spans in requests to collectors, without a decoder. Resource spans are field 1 of a request, scope
 * spans field 2 of those, and spans field 2 of these.
 */
export function countSpansOfOtlp(request: Buffer): number {
  return fields(request, 1)
    .flatMap((resourceSpans) => fields(resourceSpans, 2))
    .reduce((sum, scopeSpans) => sum + fields(scopeSpans, 2).length, 0);
}

/**
 * The messages that a message of protobuf holds in one of its fields. Only texts and messages have lengths there.
 */
function fields(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 2) {
      const length = varint();
      if (tag >> 3 === wanted) found.push(message.subarray(at, at + length));
      at += length;
    } else if ((tag & 7) === 0) {
      varint();
    } else {
      at += (tag & 7) === 1 ? 8 : 4;
    }
  }
  return found;
}

/** A request is MessagePack: a list of traces, each a list of spans. */
export function countSpansOfDatadog(body: Buffer): number {
  let at = 0;
  const length = (bytes: 1 | 2 | 4): number => {
    const value = body.readUIntBE(at, bytes);
    at += bytes;
    return value;
  };
  /** The number of a list's items; the reader then stands before the first. */
  const list = (): number => {
    const kind = body[at++]!;
    if (kind >> 4 === 0x9) return kind & 15;
    if (kind === 0xdc) return length(2);
    if (kind === 0xdd) return length(4);
    throw new Error(`expected a list of MessagePack, got ${kind.toString(16)}`);
  };
  const skip = (): void => {
    const kind = body[at]!;
    if (kind >> 4 === 0x9 || kind === 0xdc || kind === 0xdd) {
      for (let items = list(); items > 0; items--) skip();
      return;
    }
    at++;
    if (kind >> 4 === 0x8 || kind === 0xde || kind === 0xdf) {
      const pairs = kind === 0xde ? length(2) : kind === 0xdf ? length(4) : kind & 15;
      for (let items = 2 * pairs; items > 0; items--) skip();
    } else if (kind >> 5 === 0x5) at += kind & 31;
    else {
      // Not in one expression, because reading a length moves on by itself.
      const size = sizes[kind]?.(length) ?? 0;
      at += size;
    }
  };
  let spans = 0;
  for (let traces = list(); traces > 0; traces--) {
    const count = list();
    spans += count;
    for (let i = 0; i < count; i++) skip();
  }
  return spans;
}

type Length = (bytes: 1 | 2 | 4) => number;

/** The number of bytes that follow a kind of value. A length before them may say it; undefined for other kinds. */
const sizes: Readonly<Record<number, (length: Length) => number>> = {
  // bytes, texts
  0xc4: (length) => length(1),
  0xc5: (length) => length(2),
  0xc6: (length) => length(4),
  0xd9: (length) => length(1),
  0xda: (length) => length(2),
  0xdb: (length) => length(4),
  // numbers
  0xca: () => 4,
  0xcb: () => 8,
  0xcc: () => 1,
  0xcd: () => 2,
  0xce: () => 4,
  0xcf: () => 8,
  0xd0: () => 1,
  0xd1: () => 2,
  0xd2: () => 4,
  0xd3: () => 8,
};
