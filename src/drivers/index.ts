// Opens the driver that a connection string stands for.
import { endsEarly } from './connection-mask.js';
import { type Driver, DriverError, type DriverSettings } from './driver.js';
import { driverOf, schemeOf, schemes, splitConnections } from './schemes.js';

export { masked, schemeOf, schemes, splitConnections } from './schemes.js';
export type { DriverSettings } from './driver.js';

type Open = (connectionString: string, settings: DriverSettings) => Driver;
type Name = (typeof driverOf)[keyof typeof driverOf];

/** What opens a driver: a backend's code is read only when its scheme is used. */
const open: Readonly<Record<Name, Open>> = {
  elasticsearch: (...given) =>
    (
      require('./elasticsearch/driver.js') as typeof import('./elasticsearch/driver.js')
    ).openElasticsearchDriver(...given),
  file: (...given) =>
    (require('./file/driver.js') as typeof import('./file/driver.js')).openFileDriver(...given),
  influxdb: (...given) =>
    (require('./influxdb/driver.js') as typeof import('./influxdb/driver.js')).openInfluxdbDriver(...given),
  messaging: (...given) =>
    (require('./rabbitmq/driver.js') as typeof import('./rabbitmq/driver.js')).openMessagingDriver(...given),
  mongodb: (...given) =>
    (require('./mongodb/driver.js') as typeof import('./mongodb/driver.js')).openMongodbDriver(...given),
  mysql: (...given) =>
    (require('./sql/mysql.js') as typeof import('./sql/mysql.js')).openMysqlDriver(...given),
  otlp: (...given) =>
    (require('./spans/otlp.js') as typeof import('./spans/otlp.js')).openOtlpDriver(...given),
  postgresql: (...given) =>
    (require('./sql/postgresql.js') as typeof import('./sql/postgresql.js')).openPostgresqlDriver(...given),
  redis: (...given) =>
    (require('./redis/driver.js') as typeof import('./redis/driver.js')).openRedisDriver(...given),
  zipkin: (...given) =>
    (require('./spans/zipkin.js') as typeof import('./spans/zipkin.js')).openZipkinDriver(...given),
};

const writeOnly: ReadonlySet<Name> = new Set(['otlp', 'zipkin']);

function driverNamed(connectionString: string): Name | undefined {
  const scheme = schemeOf(connectionString);
  return schemes.includes(scheme) ? driverOf[scheme as keyof typeof driverOf] : undefined;
}

/** Whether what a store holds can be read again by us. */
export function canRead(connectionString: string): boolean {
  return !writeOnly.has(driverNamed(connectionString)!);
}

/** Whether a store can say which traces it holds: a queue can't. */
export function canList(connectionString: string): boolean {
  return canRead(connectionString) && driverNamed(connectionString) !== 'messaging';
}

/** The connection string that commands read: of several the first whose store can be read. */
export function readableOf(connectionStrings: string): string {
  const all = splitConnections(connectionStrings);
  return all.find(canRead) ?? all[0] ?? connectionStrings;
}

/**
 * Opens the driver that the connection string's scheme stands for.
 *
 * @throws DriverError when no driver has that scheme, or it is unclear where the host is
 */
export function openDriver(connectionString: string, settings: DriverSettings): Driver {
  const name = driverNamed(connectionString);
  if (name === undefined) {
    throw new DriverError(
      `no driver for "${schemeOf(connectionString)}://"; expected one of ${schemes.map((s) => `${s}://`).join(', ')}`,
    );
  }
  if (name !== 'file') assertClear(connectionString);
  return open[name](connectionString, settings);
}

/** What seems to be the host would be shown, and be the beginning of a password. */
function assertClear(connectionString: string): void {
  const scheme = schemeOf(connectionString);
  if (!/^[^:]*:\/\//.test(connectionString)) {
    throw new DriverError(`the connection string has no valid address; expected ${scheme}://host:port`, {
      isCertain: true,
    });
  }
  if (!endsEarly(connectionString)) return;
  throw new DriverError(
    `the connection string for ${scheme}:// cannot be used: a "/" or "?" in its user or password ends them; write %2F or %3F for it`,
    { isCertain: true },
  );
}
