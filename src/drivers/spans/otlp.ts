// Collectors of OpenTelemetry, which get spans as OTLP over HTTP.
import type { Driver, DriverSettings } from '../driver.js';
import { cutToLine } from '../http/errors.js';
import { openHttp } from '../http/client.js';
import { openSpanStore } from './driver.js';
import { encodeTraces, rejectedIn } from './otlp-proto.js';
import { byResource } from './resources.js';

const path = '/v1/traces';

/**
 * Opens a collector of OpenTelemetry: spans as protobuf over HTTP. It can't be read.
 *
 * @param connectionString `otlp://` or, with TLS, `otlps://`, a host, a port (4318) and, where the collector is
 *   not at the root, the path before `/v1/traces`
 * @throws DriverError for a connection string that is none
 */
export function openOtlpDriver(connectionString: string, settings: DriverSettings): Driver {
  const http = openHttp(connectionString, {
    secureScheme: 'otlps',
    defaultPort: 4318,
    keyScheme: 'Bearer',
  });
  return openSpanStore({
    http,
    reader: "the collector's own tools",
    async send(spans) {
      const { body } = await http.send({
        method: 'POST',
        path: http.path.endsWith(path) ? http.path : http.path + path,
        type: 'application/x-protobuf',
        isGzipped: true,
        body: encodeTraces(byResource(spans, settings), 'ostrace'),
      });
      const { spans: count, reason } = rejectedIn(body);
      return { spans: count, reason: cutToLine(reason) || 'no reason given' };
    },
  });
}
