// Writes OTLP's request for traces (`ExportTraceServiceRequest`) as JSON: the form of it that files have, and that
// collectors take as `application/json`.
import { asciiJson } from '../../trace/ascii.js';
import { type AttributeValue, type Attributes, describe } from './attributes.js';
import { spanKinds, statusError } from './otlp-proto.js';
import type { Span } from './pairs.js';
import type { ResourceSpans } from './resources.js';

/**
 * Writes one request, in pieces: a span on each line. Ids are hexadecimal and integers of 64 bits are texts, as the
 * specification wants them.
 *
 * @param scope names what made the spans
 */
export function* stringifyTraces(resources: readonly ResourceSpans[], scope: string): Generator<string> {
  yield '{"resourceSpans":[';
  let betweenResources = '\n';
  for (const { attributes, spans } of resources) {
    yield (
      `${betweenResources}{"resource":${json({ attributes: keyValues(attributes) })},` +
        `"scopeSpans":[{"scope":${json({ name: scope })},"spans":[`
    );
    betweenResources = ',\n';
    let between = '\n';
    for (const span of spans) {
      yield `${between}${json(spanMessage(span))}`;
      between = ',\n';
    }
    yield '\n]}]}';
  }
  yield '\n]}\n';
}

const json = (value: unknown): string => asciiJson(JSON.stringify(value));

function spanMessage(span: Span): object {
  const { name, kind, attributes, isFailed, failure } = describe(span);
  const exception: Attributes = new Map();
  if (failure !== undefined) exception.set('exception.type', failure.type);
  if (failure?.message !== undefined) exception.set('exception.message', failure.message);
  return {
    traceId: span.trace_id,
    spanId: span.span_id,
    ...(span.parent_span_id !== undefined && { parentSpanId: span.parent_span_id }),
    name: wellFormed(name),
    kind: spanKinds[kind],
    startTimeUnixNano: nanoseconds(span.start),
    endTimeUnixNano: nanoseconds(span.end),
    attributes: keyValues(attributes),
    ...(failure !== undefined && {
      events: [{ timeUnixNano: nanoseconds(span.end), name: 'exception', attributes: keyValues(exception) }],
    }),
    ...(span.links.length > 0 && {
      links: span.links.map(({ trace_id, span_id }) => ({ traceId: trace_id, spanId: span_id })),
    }),
    ...(isFailed && {
      status: { ...(failure?.message && { message: wellFormed(failure.message) }), code: statusError },
    }),
  };
}

function keyValues(attributes: Attributes): object[] {
  return Array.from(attributes, ([key, value]) => ({ key: wellFormed(key), value: anyValue(value) }));
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: wellFormed(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value !== 'number') return { arrayValue: { values: value.map(anyValue) } };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

// The last microsecond, but for a few, whose nanoseconds 64 bits hold: an event may tell any year.
const maxMicros = 18_446_744_073_709_000;

function nanoseconds(micros: number): string {
  const time = Math.min(Math.max(micros, 0), maxMicros);
  return time === 0 ? '0' : `${time}000`;
}

/** Texts of protobuf are UTF-8, which has no halves of characters. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}
