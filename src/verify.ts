// A part of the composition root: which headers trigger a trace in this thread.
import type { Config } from './config/config.js';
import type { Settings } from './hooks/settings.js';
import { verifyHeaders } from './trace/headers.js';
import { type Trace, onceEnded } from './trace/trace.js';

/** Who is to be believed. */
export interface Verifier {
  readonly verify: Settings['verify'];
  /** The keys whose signatures trigger any trace. */
  readonly keys: readonly string[];
  /** Has what this thread signs for a trace with a key of its own believed too, for that trace and while it lives. */
  trust(trace: Trace): void;
}

/** Who signs with a key believes it: a process that is traced as a whole asks itself, too. */
export function createVerifier({ hmacKeys, profile, hmacMaxAge }: Config): Verifier {
  const keys = profile === undefined ? hmacKeys : [...hmacKeys, profile];
  const trusted = new Set<Trace>();
  return {
    keys,
    trust(trace) {
      if (keys.includes(trace.hmac_key)) return;
      trusted.add(trace);
      onceEnded(
        () => trace.isGone,
        () => trusted.delete(trace),
      );
    },
    verify(headers) {
      const signed = verifyHeaders(headers, keys, hmacMaxAge);
      if (signed !== undefined || trusted.size === 0) return signed;
      for (const { base_id, hmac_key, isGone } of trusted) {
        const own = isGone ? undefined : verifyHeaders(headers, [hmac_key], hmacMaxAge);
        if (own?.base_id === base_id) return own;
      }
      return undefined;
    },
  };
}
