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
 * A value that may be shown: without the name and the password that it may hold before a host, and without
 * what stands behind the host, or in place of a URL (`host=db password=…`).
 */
export function masked(given: string): string {
  return splitConnections(given).map(maskedOne).join(',');
}

function maskedOne(given: string): string {
  const settings = /^file:/i.test(given) ? -1 : given.search(/[?#=]/);
  if (settings === -1) return withoutUser(given);
  // Which of the two has the password can't be told.
  if (given.includes('@', settings)) return given.replace(/^([a-z\d+.-]*:?\/\/)?.*$/is, '$1***');
  return `${withoutUser(given.slice(0, settings + 1))}***`;
}

function withoutUser(given: string): string {
  return given.replace(/^([a-z\d+.-]*:?\/\/)?.*@/is, '$1***@');
}
