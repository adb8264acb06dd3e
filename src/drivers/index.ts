import { schemeOf } from './connection-string.js';
import { type Driver, DriverError, type DriverSettings } from './driver.js';

export { masked, schemeOf, splitConnections } from './connection-string.js';
export type { DriverSettings } from './driver.js';

type Open = (connectionString: string, settings: DriverSettings) => Driver;

const messaging: Open = (...given) =>
  (require('./messaging.js') as typeof import('./messaging.js')).openMessagingDriver(...given);

const mongodb: Open = (...given) =>
  (require('./mongodb.js') as typeof import('./mongodb.js')).openMongodbDriver(...given);

/** Schemes and what loads their driver: a backend's code is read only when its scheme is used. */
const loaders: Readonly<Record<string, Open>> = {
  file: (...given) => (require('./file.js') as typeof import('./file.js')).openFileDriver(...given),
  messaging,
  rabbit: messaging,
  amqp: messaging,
  amqps: messaging,
  mongodb,
  'mongodb+srv': mongodb,
};

/** Schemes that a connection string may start with. */
export const schemes: readonly string[] = Object.keys(loaders);

/**
 * Opens the driver that the connection string's scheme stands for.
 *
 * @throws DriverError when no driver has that scheme
 */
export function openDriver(connectionString: string, settings: DriverSettings): Driver {
  const scheme = schemeOf(connectionString);
  const load = schemes.includes(scheme) ? loaders[scheme] : undefined;
  if (load === undefined) {
    throw new DriverError(
      `no driver for "${scheme}://"; expected one of ${schemes.map((s) => `${s}://`).join(', ')}`,
    );
  }
  return load(connectionString, settings);
}
