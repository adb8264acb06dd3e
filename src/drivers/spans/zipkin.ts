// Zipkin, which gets spans as its JSON of version 2.
import type { Driver, DriverSettings } from '../driver.js';
import { openHttp } from '../http/client.js';
import { type AttributeValue, describe } from './attributes.js';
import { openSpanStore } from './driver.js';
import type { Span } from './pairs.js';

/**
 * Opens a Zipkin server: spans as its JSON of version 2. Zipkin could be asked for spans again, but not for the
 * events that they were made of: it can't be read.
 *
 * @param connectionString `zipkin://` or, with TLS, `zipkins://`, a host, a port (9411) and, where Zipkin is not
 *   at the root, the path before `/api/v2/spans`
 * @throws DriverError for a connection string that is none
 */
export function openZipkinDriver(connectionString: string, settings: DriverSettings): Driver {
  const http = openHttp(connectionString, {
    secureScheme: 'zipkins',
    defaultPort: 9411,
    keyScheme: 'Bearer',
  });
  return openSpanStore({
    http,
    reader: "Zipkin's page",
    async send(spans) {
      await http.send({
        method: 'POST',
        path: `${http.path}/api/v2/spans`,
        type: 'application/json',
        isGzipped: true,
        body: JSON.stringify(spans.map((span) => zipkinSpan(span, settings))),
      });
      // It takes all or nothing.
      return { spans: 0, reason: '' };
    },
  });
}

function zipkinSpan(span: Span, settings: DriverSettings): object {
  const { name, kind, attributes, isFailed, failure } = describe(span);
  const project = span.project ?? settings.project;
  const tags: Record<string, string> = {
    'host.name': span.host || settings.host,
    ...(project !== '' && { 'service.namespace': project }),
  };
  for (const [tag, value] of attributes) tags[tag] = textOf(value);
  if (failure?.message !== undefined) tags['exception.message'] = failure.message;
  // Zipkin shows a span as failed where it has this tag.
  if (isFailed) tags['error'] = failure?.message || failure?.type || tags['error.type'] || 'true';
  const server = { address: attributes.get('server.address'), port: attributes.get('server.port') };
  return {
    traceId: span.trace_id,
    ...(span.parent_span_id !== undefined && { parentId: span.parent_span_id }),
    id: span.span_id,
    ...(kind !== 'INTERNAL' && { kind }),
    name,
    timestamp: span.start,
    // Zero stands for unknown.
    duration: Math.max(1, span.end - span.start),
    localEndpoint: { serviceName: span.service ?? settings.service },
    ...(kind === 'CLIENT' &&
      typeof server.address === 'string' && {
        remoteEndpoint: {
          serviceName: server.address,
          ...(typeof server.port === 'number' && { port: server.port }),
        },
      }),
    tags,
  };
}

function textOf(value: AttributeValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
