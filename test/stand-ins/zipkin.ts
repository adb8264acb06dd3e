// A stand-in for Zipkin. It checks what Zipkin's own reader of JSON checks, and that there is nothing beside it.
import assert from 'node:assert/strict';

import { type Receiver, type Received, openReceiver } from './receiver.js';

export interface ZipkinSpan {
  readonly traceId: string;
  readonly parentId?: string;
  readonly id: string;
  readonly kind?: string;
  readonly name: string;
  readonly timestamp: number;
  readonly duration: number;
  readonly localEndpoint: Readonly<Record<string, unknown>>;
  readonly remoteEndpoint?: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ZipkinReceiver extends Receiver {
  readonly spans: ZipkinSpan[];
}

export async function openZipkinReceiver(path = '/api/v2/spans'): Promise<ZipkinReceiver> {
  const spans: ZipkinSpan[] = [];
  const receiver = await openReceiver((request) => {
    spans.push(...spansIn(request, path));
    return { status: 202 };
  });
  return { ...receiver, spans };
}

const id = /^(?!0+$)[\da-f]{16}$/;
const isText = (value: unknown): boolean => typeof value === 'string';
const isPositive = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  traceId: (value) => isText(value) && /^(?!0+$)([\da-f]{16}|[\da-f]{32})$/.test(value as string),
  parentId: (value) => isText(value) && id.test(value as string),
  id: (value) => isText(value) && id.test(value as string),
  kind: (value) => ['CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'].includes(value as string),
  name: isText,
  timestamp: isPositive,
  duration: isPositive,
  localEndpoint: isEndpoint,
  remoteEndpoint: isEndpoint,
  tags: (value) => Object.entries(value as object).every(([key, text]) => key !== '' && isText(text)),
};

function isEndpoint(value: unknown): boolean {
  return Object.entries(value as object).every(([name, member]) =>
    name === 'port'
      ? isPositive(member) && (member as number) < 65_536
      : name === 'serviceName' && isText(member),
  );
}

function spansIn({ method, url, headers, body }: Received, path: string): ZipkinSpan[] {
  assert.equal(`${method} ${url}`, `POST ${path}`);
  assert.equal(headers['content-type'], 'application/json');
  const spans = JSON.parse(body.toString()) as ZipkinSpan[];
  for (const span of spans) {
    for (const [name, value] of Object.entries(span)) {
      assert.ok(checks[name]?.(value), `${name}: ${JSON.stringify(value)}`);
    }
    for (const name of ['traceId', 'id', 'name', 'timestamp', 'duration', 'localEndpoint', 'tags']) {
      assert.ok(Object.hasOwn(span, name), `${name} is missing`);
    }
    assert.notEqual(span.id, span.parentId);
  }
  return spans;
}
