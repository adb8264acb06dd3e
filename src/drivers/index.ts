import { schemeOf, splitConnections } from './connection-string.js';
import { type Driver, DriverError, type DriverSettings } from './driver.js';

export { masked, schemeOf, splitConnections } from './connection-string.js';
export type { DriverSettings } from './driver.js';

type Open = (connectionString: string, settings: DriverSettings) => Driver;

// A backend's code is read only when its scheme is used.
const elasticsearch: Open = (...given) =>
  (require('./elasticsearch.js') as typeof import('./elasticsearch.js')).openElasticsearchDriver(...given);
const file: Open = (...given) =>
  (require('./file.js') as typeof import('./file.js')).openFileDriver(...given);
const influxdb: Open = (...given) =>
  (require('./influxdb.js') as typeof import('./influxdb.js')).openInfluxdbDriver(...given);
const messaging: Open = (...given) =>
  (require('./messaging.js') as typeof import('./messaging.js')).openMessagingDriver(...given);
const mysql: Open = (...given) =>
  (require('./mysql.js') as typeof import('./mysql.js')).openMysqlDriver(...given);
const otlp: Open = (...given) =>
  (require('./otlp.js') as typeof import('./otlp.js')).openOtlpDriver(...given);
const postgresql: Open = (...given) =>
  (require('./postgresql.js') as typeof import('./postgresql.js')).openPostgresqlDriver(...given);
const redis: Open = (...given) =>
  (require('./redis.js') as typeof import('./redis.js')).openRedisDriver(...given);
const zipkin: Open = (...given) =>
  (require('./zipkin.js') as typeof import('./zipkin.js')).openZipkinDriver(...given);

const mongodb: Open = (...given) =>
  (require('./mongodb.js') as typeof import('./mongodb.js')).openMongodbDriver(...given);

/** Schemes and what opens their driver. */
const loaders: Readonly<Record<string, Open>> = {
  file,
  redis,
  rediss: redis,
  redissentinel: redis,
  postgresql,
  postgres: postgresql,
  mysql,
  mariadb: mysql,
  messaging,
  rabbit: messaging,
  amqp: messaging,
  amqps: messaging,
  mongodb,
  'mongodb+srv': mongodb,
  elasticsearch,
  'elasticsearch+https': elasticsearch,
  opensearch: elasticsearch,
  'opensearch+https': elasticsearch,
  influxdb,
  'influxdb+https': influxdb,
  otlp,
  otlps: otlp,
  zipkin,
  zipkins: zipkin,
};

const writeOnly: ReadonlySet<Open> = new Set([otlp, zipkin]);

/** The connection string that commands read: of several the first whose store can be read. */
export function readableOf(connectionStrings: string): string {
  const all = splitConnections(connectionStrings);
  return all.find((each) => !writeOnly.has(loaders[schemeOf(each)]!)) ?? all[0] ?? connectionStrings;
}

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
