// Decides which hosts may receive signed trace headers.

// Loopback and RFC 1918. 169.254.0.0/16 is not among them, because cloud metadata services live there.
const privateIPv4 = /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;
// Loopback and unique local addresses, as URLs write them.
const privateIPv6 = /^(?:::1$|fd[0-9a-f]{2}:)/;
// Unique local addresses at which clouds have their metadata services: AWS, Google, Oracle, Scaleway.
const metadataIPv6 = /^fd(?:00:ec2|20:ce|00:c1|00:42):/;
// Names without a dot that resolve to a metadata service within clouds.
const metadataNames: ReadonlySet<string> = new Set(['metadata', 'instance-data', 'rancher-metadata']);
// `http.request` also resolves addresses written as one number: `134744072` is 8.8.8.8.
const number = /^(?:0x[0-9a-f]*|\d+)$/;

// A name without characters that resolving would turn into a dot, as IDNA does with U+3002.
const plainName = /^[a-z0-9_-]+$/;
const namesBelowLocalhost = /^(?:[a-z0-9_-]+\.)+localhost$/;
// Characters that end a host for some readers: `evil.example/.example.org` is not below `example.org`.
const notInHosts = /[\s/\\?#@:,%]/;

/**
 * Makes the test for hosts that may receive signed trace headers. The headers can be replayed, so third parties
 * must not get them by default.
 *
 * @param patterns `local`, `*`, host names, or `*.example.org`, which stands for all names below it
 */
export function destinations(patterns: readonly string[]): (host: string) => boolean {
  const named = patterns.map((pattern) => canonical(pattern));
  const exact = new Set(named);
  const suffixes = named.filter((pattern) => pattern.startsWith('*.')).map((pattern) => pattern.slice(1));
  const isAmong = (host: string): boolean => {
    if (exact.has('*')) return true;
    const name = canonical(host);
    if (name === '') return false;
    if (exact.has(name) || (exact.has('local') && isLocal(name))) return true;
    return !notInHosts.test(name) && suffixes.some((suffix) => name.endsWith(suffix));
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

// A service talks to few hosts. A crawler, which talks to any number, must not fill the memory with them.
const mostKnown = 1000;

/**
 * One spelling for each host: in lower case, without brackets, and IPv6 as URLs write it and without the zone,
 * which says how the host is reached and not which host it is.
 */
function canonical(host: string): string {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (!name.includes(':')) return name.endsWith('.') ? withoutRoot(name) : name;
  const address = name.replace(/%.*$/, '');
  const url = `http://[${address}]/`;
  return isIP(address) === 6 && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : name;
}

/** `example.org.` is `example.org`. But `db.` is a top-level domain, and `10.0.0.1.` is not an address. */
function withoutRoot(name: string): string {
  const short = name.slice(0, -1);
  return short === 'localhost' || (short.includes('.') && isIP(short) === 0) ? short : name;
}

/** @param name as `canonical` writes it; IPv4 in IPv6 (`::ffff:10.0.0.1`) is local in no form */
function isLocal(name: string): boolean {
  const family = isIP(name);
  if (family === 4) return privateIPv4.test(name);
  if (family === 6) return privateIPv6.test(name) && !metadataIPv6.test(name);
  if (name === 'localhost' || namesBelowLocalhost.test(name)) return true;
  return plainName.test(name) && !number.test(name) && !metadataNames.has(name);
}

/** The family of an address. `node:net` is loaded by then, because something is about to connect. */
const isIP = (name: string): number => (require('node:net') as typeof import('node:net')).isIP(name);
