// Decides which headers trigger a trace in this thread.
import { verifyHeaders } from '../trace/headers.js';
import type { VerifiedTrace } from '../trace/signing.js';
import { type Trace, onceEnded } from '../trace/trace.js';

/** Whose signatures are accepted, and for how long. */
interface Trusted {
  readonly hmacKeys: readonly string[];
  /** The key of a process that is traced as a whole. */
  readonly profile: string | undefined;
  /** In seconds. */
  readonly hmacMaxAge: number | undefined;
}

/** Accepts or refuses signed headers. */
export interface Verifier {
  /** The trace that a request's headers ask for; undefined if there is none, or if none may be made. */
  readonly verify: (headers: Readonly<Record<string, unknown>>) => VerifiedTrace | undefined;
  /** The keys whose signatures trigger any trace. */
  readonly keys: readonly string[];
  /**
   * Also accepts what this thread signs for a trace that has a key of its own, for that trace and while it lives.
   */
  trust(trace: Trace): void;
}

/** A process that signs with a key also accepts it: a process that is traced as a whole may call itself. */
export function createVerifier({ hmacKeys, profile, hmacMaxAge }: Trusted): Verifier {
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
