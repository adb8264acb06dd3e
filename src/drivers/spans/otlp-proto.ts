// Encodes OTLP's request for traces (opentelemetry-proto 1.x, `ExportTraceServiceRequest`) as protobuf: a few
// fields of few types, of which a library would take a megabyte and an object for each.
import { type AttributeValue, type Attributes, describe } from './attributes.js';
import type { Span } from './pairs.js';
import type { ResourceSpans } from './resources.js';

// Types of fields on the wire.
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;

/** The numbers that the definitions give to kinds of spans and to a status. */
export const spanKinds = { INTERNAL: 1, SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 } as const;
export const statusError = 2;
const two32 = 2 ** 32;

/** One request; the scope names what made the spans. */
export function encodeTraces(resources: readonly ResourceSpans[], scope: string): Buffer {
  const writer = new Writer();
  for (const { attributes, spans } of resources) {
    writer.message(1, () => {
      writer.message(1, () => writer.attributes(1, attributes));
      writer.message(2, () => {
        writer.message(1, () => writer.text(1, scope));
        for (const span of spans) writer.message(2, () => writeSpan(writer, span));
      });
    });
  }
  return writer.bytes();
}

function writeSpan(writer: Writer, span: Span): void {
  const { name, kind, attributes, isFailed, failure } = describe(span);
  writer.hex(1, span.trace_id);
  writer.hex(2, span.span_id);
  if (span.parent_span_id !== undefined) writer.hex(4, span.parent_span_id);
  writer.text(5, name);
  writer.number(6, spanKinds[kind]);
  writer.time(7, span.start);
  writer.time(8, span.end);
  writer.attributes(9, attributes);
  if (failure !== undefined) {
    writer.message(11, () => {
      writer.time(1, span.end);
      writer.text(2, 'exception');
      writer.attribute(3, 'exception.type', failure.type);
      if (failure.message !== undefined) writer.attribute(3, 'exception.message', failure.message);
    });
  }
  for (const link of span.links) {
    writer.message(13, () => {
      writer.hex(1, link.trace_id);
      writer.hex(2, link.span_id);
    });
  }
  if (isFailed) {
    writer.message(15, () => {
      if (failure?.message) writer.text(2, failure.message);
      writer.number(3, statusError);
    });
  }
}

/** Writes into one buffer that grows; the length of a message is known after it, and room is left for it. */
class Writer {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #at = 0;

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  /** One byte is left for the length, which does for most; else what was written moves on. */
  message(field: number, write: () => void): void {
    this.#tag(field, lengthDelimited);
    this.#reserve(1);
    const start = ++this.#at;
    write();
    const length = this.#at - start;
    if (length < 128) {
      this.#buffer[start - 1] = length;
      return;
    }
    this.#reserve(10);
    const end = this.#at;
    const size = varintSize(length);
    this.#buffer.copyWithin(start - 1 + size, start, end);
    this.#at = start - 1;
    this.#varint(length);
    this.#at = end - 1 + size;
  }

  text(field: number, text: string): void {
    this.#tag(field, lengthDelimited);
    if (text.length < 42) {
      // At most 126 bytes of UTF-8: the length is one byte, known afterwards.
      this.#reserve(127);
      const size = this.#buffer.write(text, this.#at + 1, 'utf8');
      this.#buffer[this.#at] = size;
      this.#at += size + 1;
      return;
    }
    const size = Buffer.byteLength(text);
    this.#varint(size);
    this.#reserve(size);
    this.#at += this.#buffer.write(text, this.#at, 'utf8');
  }

  hex(field: number, digits: string): void {
    this.#tag(field, lengthDelimited);
    this.#varint(digits.length / 2);
    this.#reserve(digits.length / 2);
    this.#at += this.#buffer.write(digits, this.#at, 'hex');
  }

  number(field: number, value: number): void {
    this.#tag(field, varint);
    this.#varint(value);
  }

  /** Microseconds as nanoseconds, which a double does not hold. */
  time(field: number, micros: number): void {
    this.#tag(field, fixed64);
    this.#reserve(8);
    const time = Math.max(0, micros);
    const low = (time % two32) * 1000;
    this.#buffer.writeUInt32LE(low % two32, this.#at);
    this.#buffer.writeUInt32LE(
      (Math.floor(time / two32) * 1000 + Math.floor(low / two32)) >>> 0,
      this.#at + 4,
    );
    this.#at += 8;
  }

  attributes(field: number, attributes: Attributes): void {
    for (const [name, value] of attributes) this.attribute(field, name, value);
  }

  attribute(field: number, name: string, value: AttributeValue): void {
    this.message(field, () => {
      this.text(1, name);
      this.message(2, () => this.#value(value));
    });
  }

  #value(value: AttributeValue): void {
    if (typeof value === 'string') this.text(1, value);
    else if (typeof value === 'boolean') this.number(2, value ? 1 : 0);
    else if (typeof value === 'number') this.#numeric(value);
    else {
      this.message(5, () => {
        for (const item of value) this.message(1, () => this.#value(item));
      });
    }
  }

  #numeric(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.#tag(3, varint);
      this.#signed(value);
      return;
    }
    this.#tag(4, fixed64);
    this.#reserve(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  #signed(value: number): void {
    if (value >= 0) this.#varint(value);
    else {
      let rest = BigInt.asUintN(64, BigInt(value));
      this.#reserve(10);
      for (; rest > 127n; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 127n) | 128;
      this.#buffer[this.#at++] = Number(rest);
    }
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.#at++] = (rest % 128) | 128;
    this.#buffer[this.#at++] = rest;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#at + size));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function varintSize(value: number): number {
  return Math.ceil(Math.log2(value + 1) / 7);
}

/** What a server says in `ExportTraceServiceResponse`: how many spans it did not take, and why. */
export function rejectedIn(body: Buffer): { readonly spans: number; readonly reason: string } {
  const partial = fieldIn(body, 1);
  if (!Buffer.isBuffer(partial)) return { spans: 0, reason: '' };
  const spans = fieldIn(partial, 1);
  const reason = fieldIn(partial, 2);
  return {
    spans: typeof spans === 'number' ? spans : 0,
    reason: Buffer.isBuffer(reason) ? reason.toString() : '',
  };
}

/** A field of a message; undefined where it is not there, or what came is no message. */
function fieldIn(message: Buffer, wanted: number): Buffer | number | undefined {
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let factor = 1; at < message.length; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = read();
    const type = tag & 7;
    let value: Buffer | number | undefined;
    if (type === varint) value = read();
    else if (type === lengthDelimited) {
      const size = read();
      value = message.subarray(at, at + size);
      at += size;
    } else if (type === fixed64) at += 8;
    else return undefined;
    if (Math.floor(tag / 8) === wanted) return value;
  }
  return undefined;
}
