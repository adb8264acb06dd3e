// Loopback and RFC 1918. Not 169.254.0.0/16: cloud metadata services live there.
const privateIPv4 = /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;
// Loopback and unique local addresses.
const privateIPv6 = /^(?:::1$|f[cd][0-9a-f]{2}:)/i;
// `http.request` also resolves addresses written as one number: `134744072` is 8.8.8.8.
const number = /^(?:0x[0-9a-f]+|\d+)$/i;

// Nothing that resolving would turn into a dot, as IDNA does with U+3002.
const plainName = /^[a-z0-9_-]+$/;

/**
 * Makes the test for hosts that may receive signed trace headers, which can be replayed: third parties
 * must not get one by default.
 *
 * @param patterns `local`, `*`, host names, or `*.example.org`, which stands for all names below it
 */
export function destinations(patterns: readonly string[]): (host: string) => boolean {
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  const exact = new Set(lower);
  const suffixes = lower.filter((pattern) => pattern.startsWith('*.')).map((pattern) => pattern.slice(1));
  const isAmong = (host: string): boolean => {
    const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
    return (
      exact.has('*') ||
      exact.has(name) ||
      (exact.has('local') && isLocal(name)) ||
      suffixes.some((suffix) => name.endsWith(suffix))
    );
  };
  const known = new Map<string, boolean>();
  return (host) => {
    let isOne = known.get(host);
    if (isOne === undefined) {
      isOne = isAmong(host);
      if (known.size < mostKnown) known.set(host, isOne);
    }
    return isOne;
  };
}

// A service talks to few hosts; a crawler, which talks to any number, is not to fill the memory with them.
const mostKnown = 1000;

function isLocal(name: string): boolean {
  // Loaded by then: something is about to connect.
  const { isIPv4, isIPv6 } = require('node:net') as typeof import('node:net');
  if (isIPv4(name)) return privateIPv4.test(name);
  if (isIPv6(name)) return privateIPv6.test(name);
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return plainName.test(name) && !number.test(name);
}
