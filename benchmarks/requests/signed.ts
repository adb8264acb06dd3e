// Signs the requests of the load.
import { createHmac, randomUUID } from 'node:crypto';

import { hmacKey } from '../variants.js';

/**
 * Headers of the same length that mean nothing, because reading them costs Node some microseconds of each request.
 */
export function plainHeaders(): Record<string, string> {
  const { headers } = signedHeaders();
  return { 'X-Plain-Info': headers['X-Trace-Info']!, 'X-Plain-HMAC': headers['X-Trace-HMAC']! };
}

/** The headers of a request that starts a trace of its own, as OSProfiler's clients make them: Python's JSON has blanks. */
export function signedHeaders(): { readonly base_id: string; readonly headers: Record<string, string> } {
  const base_id = randomUUID();
  const payload = `{"base_id": "${base_id}", "parent_id": "${base_id}"}`;
  const info = Buffer.from(payload).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const hmac = createHmac('sha1', hmacKey).update(info).digest('hex');
  return { base_id, headers: { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac } };
}
