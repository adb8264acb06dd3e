import { createHmac, randomUUID } from 'node:crypto';

import { hmacKey } from '../variants.js';

/** The headers of a request that starts a trace of its own, as any client of OSProfiler's makes them. */
export function signedHeaders(): { readonly base_id: string; readonly headers: Record<string, string> } {
  const base_id = randomUUID();
  const payload = JSON.stringify({ base_id, parent_id: base_id });
  const info = Buffer.from(payload).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const hmac = createHmac('sha1', hmacKey).update(info).digest('hex');
  return { base_id, headers: { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac } };
}
