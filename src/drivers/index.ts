import { type Driver, DriverError } from './driver.js';

/** Schemes and what loads their driver: a backend's code is read only when its scheme is used. */
const loaders: Readonly<Record<string, (connectionString: string) => Driver>> = {
  file: (connectionString) =>
    (require('./file.js') as typeof import('./file.js')).openFileDriver(connectionString),
};

/** Schemes that a connection string may start with. */
export const schemes: readonly string[] = Object.keys(loaders);

/** The scheme of a connection string in lower case, '' when it has none. */
export function schemeOf(connectionString: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(connectionString)?.[1]?.toLowerCase() ?? '';
}

/**
 * Opens the driver that the connection string's scheme stands for.
 *
 * @throws DriverError when no driver has that scheme
 */
export function openDriver(connectionString: string): Driver {
  const scheme = schemeOf(connectionString);
  const load = schemes.includes(scheme) ? loaders[scheme] : undefined;
  if (load === undefined) {
    throw new DriverError(
      `no driver for "${scheme}://"; expected one of ${schemes.map((s) => `${s}://`).join(', ')}`,
    );
  }
  return load(connectionString);
}
