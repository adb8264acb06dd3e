// Reads what all connection strings have in common: their schemes, their lists, and what of them may be shown.
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

/** A value as it may be shown: without what may be a password. What makes it is loaded when something is shown. */
export function masked(given: string): string {
  const { maskConnection } = require('./connection-mask.js') as typeof import('./connection-mask.js');
  return splitConnections(given).map(maskConnection).join(',');
}
