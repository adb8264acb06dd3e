// What the settings need to know of the drivers: no code of theirs is read for it.
export { masked, schemeOf, splitConnections } from './connection-string.js';

/** The driver that each scheme of a connection string stands for. */
export const driverOf = {
  file: 'file',
  redis: 'redis',
  rediss: 'redis',
  redissentinel: 'redis',
  postgresql: 'postgresql',
  postgres: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
  messaging: 'messaging',
  rabbit: 'messaging',
  amqp: 'messaging',
  amqps: 'messaging',
  mongodb: 'mongodb',
  'mongodb+srv': 'mongodb',
  elasticsearch: 'elasticsearch',
  'elasticsearch+https': 'elasticsearch',
  opensearch: 'elasticsearch',
  'opensearch+https': 'elasticsearch',
  influxdb: 'influxdb',
  'influxdb+https': 'influxdb',
  otlp: 'otlp',
  otlps: 'otlp',
  zipkin: 'zipkin',
  zipkins: 'zipkin',
} as const;

/** Schemes that a connection string may start with. */
export const schemes: readonly string[] = Object.keys(driverOf);
