/**
 * The scheme of a connection string in lower case, '' when it has none; of SQLAlchemy's `mysql+pymysql://`,
 * which names Python's client library too, only what it says about the store.
 */
export function schemeOf(connectionString: string): string {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(connectionString)?.[1]?.toLowerCase() ?? '';
  return scheme.includes('+') ? scheme.replace(/^(postgresql|mysql|mariadb)\+.+$/, '$1') : scheme;
}

/**
 * The connection strings of a list. A comma separates two only where a scheme with `://` follows: hosts of
 * a cluster are separated by commas too.
 */
export function splitConnections(connectionStrings: string): string[] {
  return connectionStrings
    .split(/,(?=\s*[a-zA-Z][a-zA-Z0-9+.-]*:\/\/)/)
    .map((connectionString) => connectionString.trim())
    .filter((connectionString) => connectionString !== '');
}

/**
 * Whether an unencoded "/", "?", "#" or "\\" has ended a user and password: what then seems to be the host is a part of
 * them. In the value of a parameter an "@" is nothing special.
 */
export function endsEarly(connectionString: string): boolean {
  const [, behind = ''] = /^[^:]*:(?:\/\/)?[^/?#\\]*(.*)$/s.exec(connectionString) ?? [];
  return behind.split('=', 1)[0]!.includes('@');
}

/**
 * A value that may be shown: without the name and the password that it may hold before a host or in place of
 * one, and without what stands behind the host, or in place of a URL (`host=db password=…`).
 */
export function masked(given: string): string {
  return splitConnections(given).map(maskedOne).join(',');
}

function maskedOne(given: string): string {
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

/** Whether what stands before a path is hosts, and no `user:password` whose host is missing. */
function mayBeShown(scheme: string, rest: string): boolean {
  const [front = ''] = rest.split(/[/?#=]/, 1);
  const isPort = scheme !== '' && !scheme.endsWith('//');
  return new RegExp(isPort ? '^\\d{0,5}$' : `^${place}(?:,${place})*$`, 'i').test(front);
}
