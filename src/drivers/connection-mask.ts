// What may be shown of a connection string, however wrong it is.

/**
 * Whether an unencoded "/", "?", "#" or "\\" has ended a user and password: what then seems to be the host is a part of
 * them. In the value of a parameter an "@" is nothing special.
 */
export function endsEarly(connectionString: string): boolean {
  const [, behind = ''] = /^[^:]*:(?:\/\/)?[^/?#\\]*(.*)$/s.exec(connectionString) ?? [];
  return behind.split('=', 1)[0]!.includes('@');
}

/**
 * One connection string as it may be shown: without the name and the password that it may hold before a host or in place of
 * one, and without what stands behind the host, or in place of a URL (`host=db password=…`).
 */
export function maskConnection(given: string): string {
  if (/^file:/i.test(given)) return given.replace(/^(file:(?:\/\/)?)?.*@/is, '$1***@');
  const [, scheme = '', rest = ''] = /^((?:[a-z][a-z\d+.-]*:)?(?:\/\/)?)(.*)$/is.exec(given) ?? [];
  const at = rest.lastIndexOf('@');
  const settings = rest.search(/[?#=]/);
  // Which of the two has the password can't be told.
  if (settings !== -1 && at > settings) return `${scheme}***`;
  const shown = settings === -1 ? rest.slice(at + 1) : `${rest.slice(at + 1, settings + 1)}***`;
  if (at !== -1) return `${scheme}***@${shown}`;
  return mayBeShown(scheme, rest) ? scheme + shown : `${scheme}***`;
}

const place = '(?:\\[[\\da-f:.%]*\\]|[^\\s:,[\\]]*)(?::\\d{0,5})?';

/** Whether what stands before a path is hosts, or no URL at all, and no `user:password` whose host is missing. */
function mayBeShown(scheme: string, rest: string): boolean {
  const [front = ''] = rest.split(/[/?#=]/, 1);
  if (scheme === '') return /^[^:]*(?::\d{0,5})?$/.test(front);
  const form = scheme.endsWith('//') ? `${place}(?:,${place})*` : '\\d{0,5}|[^]{0,3}';
  return new RegExp(`^(?:${form})$`, 'i').test(front);
}
