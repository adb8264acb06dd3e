// A stand-in for a collector of OpenTelemetry. It reads requests with the official definitions (opentelemetry-proto,
// as OpenTelemetry's own package has them), and checks what a collector checks and more.
import assert from 'node:assert/strict';

import * as definitions from '@opentelemetry/otlp-transformer/build/src/generated/root';
import { type Receiver, type Reply, openReceiver } from './receiver.js';

interface Message<Value> {
  decode(bytes: Uint8Array): Value;
  fromObject(object: unknown): Value;
  encode(value: Value): { finish(): Uint8Array };
}

interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: { toNumber(): number };
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly AnyValue[] };
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface Time {
  toString(): string;
}

interface SpanMessage {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array | null;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: Time;
  readonly endTimeUnixNano: Time;
  readonly attributes: readonly KeyValue[];
  readonly events: readonly {
    readonly timeUnixNano: Time;
    readonly name: string;
    readonly attributes: readonly KeyValue[];
  }[];
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly status: { readonly code: number; readonly message: string | null } | null;
}

interface TracesRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly SpanMessage[];
    }[];
  }[];
}

interface TracesResponse {
  readonly partialSuccess: { readonly rejectedSpans: number; readonly errorMessage: string };
}

interface Definitions {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: {
          readonly v1: {
            readonly ExportTraceServiceRequest: Message<TracesRequest>;
            readonly ExportTraceServiceResponse: Message<TracesResponse>;
          };
        };
      };
    };
  };
}

const { ExportTraceServiceRequest, ExportTraceServiceResponse } = (definitions as unknown as Definitions)
  .opentelemetry.proto.collector.trace.v1;

/** A span as it came, in readable values. */
export interface SeenSpan {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly links: readonly { readonly trace_id: string; readonly span_id: string }[];
  readonly name: string;
  readonly kind: string;
  readonly startNano: string;
  readonly endNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly status: { readonly code: number; readonly message: string } | undefined;
}

export interface OtlpReceiver extends Receiver {
  readonly spans: SeenSpan[];
}

export async function openOtlpReceiver(path = '/v1/traces', port = 0): Promise<OtlpReceiver> {
  const spans: SeenSpan[] = [];
  const receiver = await openReceiver(({ method, url, headers, body }) => {
    assert.equal(`${method} ${url}`, `POST ${path}`);
    assert.equal(headers['content-type'], 'application/x-protobuf');
    spans.push(...spansOf(body));
    return { status: 200, type: 'application/x-protobuf' };
  }, port);
  return { ...receiver, spans };
}

export function partialSuccess(rejectedSpans: number, errorMessage: string): Reply {
  const body = ExportTraceServiceResponse.encode({
    partialSuccess: { rejectedSpans, errorMessage },
  }).finish();
  return { status: 200, type: 'application/x-protobuf', body: Buffer.from(body) };
}

/** The protobuf of a request in JSON, which has hexadecimal ids where protobuf's own JSON has base64. */
export function protobufOf(json: string): Buffer {
  const object = JSON.parse(json, (key, value: unknown) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value as string, 'hex') : value,
  ) as object;
  return Buffer.from(ExportTraceServiceRequest.encode(ExportTraceServiceRequest.fromObject(object)).finish());
}

/** The spans of a request. */
export function spansOf(body: Buffer): SeenSpan[] {
  const request = ExportTraceServiceRequest.decode(body);
  // Nothing came that the definitions do not know, twice, or in another form.
  assert.deepEqual(Buffer.from(ExportTraceServiceRequest.encode(request).finish()), body);
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => {
      assert.equal(scope.name, 'ostrace');
      return spans.map((span) => seen(span, valuesOf(resource.attributes)));
    }),
  );
}

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

function seen(span: SpanMessage, resource: Readonly<Record<string, unknown>>): SeenSpan {
  const [trace_id, span_id, parent] = [span.traceId, span.spanId, span.parentSpanId].map((id) =>
    Buffer.from(id ?? []).toString('hex'),
  ) as [string, string, string];
  assert.match(trace_id, /^(?!0+$)[\da-f]{32}$/);
  assert.match(span_id, /^(?!0+$)[\da-f]{16}$/);
  assert.match(parent, /^((?!0+$)[\da-f]{16})?$/);
  assert.notEqual(span.name, '');
  const [startNano, endNano] = [String(span.startTimeUnixNano), String(span.endTimeUnixNano)];
  assert.ok(BigInt(startNano) > 0n && BigInt(startNano) <= BigInt(endNano), `${startNano} ${endNano}`);
  assert.ok(span.kind >= 1 && span.kind <= 5);
  return {
    resource,
    trace_id,
    span_id,
    parent_span_id: parent || null,
    links: span.links.map((link) => ({
      trace_id: Buffer.from(link.traceId).toString('hex'),
      span_id: Buffer.from(link.spanId).toString('hex'),
    })),
    name: span.name,
    kind: kinds[span.kind]!,
    startNano,
    endNano,
    attributes: valuesOf(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: valuesOf(attributes) })),
    status: span.status ? { code: span.status.code, message: span.status.message ?? '' } : undefined,
  };
}

function valuesOf(attributes: readonly KeyValue[]): Readonly<Record<string, unknown>> {
  const entries = attributes.map(({ key, value }) => [key, valueOf(value)] as const);
  assert.equal(new Set(entries.map(([key]) => key)).size, entries.length, 'a key comes once');
  assert.ok(entries.every(([key]) => key !== ''));
  return Object.fromEntries(entries);
}

function valueOf(value: AnyValue): unknown {
  // The members that were not sent are inherited ones.
  const [kind, ...others] = Object.keys(value);
  assert.equal(others.length, 0, 'a value has one type');
  if (kind === 'intValue') return value.intValue!.toNumber();
  if (kind === 'arrayValue') return value.arrayValue!.values.map(valueOf);
  return value[kind as 'stringValue'];
}
