// The hosts to which the page may send signed requests: this machine, or those that the user has named.

/** A host that was named, with its port if only that is meant. */
export interface NamedHost {
  readonly hostname: string;
  /** Undefined for any port. */
  readonly port: string | undefined;
}

/** Reads `HOST`, `HOST:PORT` or `[IPv6]:PORT`; undefined if the text is none. */
export function namedHost(text: string): NamedHost | undefined {
  const [, host = '', port] = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host === '' || !URL.canParse(`http://${host}`)) return undefined;
  return { hostname: new URL(`http://${host}`).hostname, port };
}

/** Whether a host is this machine by its name alone, whatever a name server says. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|[^.]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i.test(hostname);
}

/** Why a URL gets no signed request, with what to do; undefined if it gets one. */
export function hostRefusal(
  { hostname, port, protocol }: URL,
  named: readonly NamedHost[],
): string | undefined {
  const its = port || (protocol === 'https:' ? '443' : '80');
  const isNamed = named.some((each) => each.hostname === hostname && (each.port ?? its) === its);
  if (isNamed || (named.length === 0 && isLoopback(hostname))) return undefined;
  const known = named.map((each) => `${each.hostname}${each.port === undefined ? '' : `:${each.port}`}`);
  const allowed = named.length === 0 ? 'this machine' : known.join(', ');
  return `signed requests go to ${allowed} only; to allow this host, start ostrace ui with --to ${hostname}:${its}`;
}
