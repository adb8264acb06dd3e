// Lists packages that communicate in ways that no hook sees: over sockets of their own, or in native code. Packages
// that use HTTP are not in the list, because HTTP is seen.
import { loadedAmong } from './findings.js';

const clients = `
  ioredis redis @redis/client iovalkey @valkey/valkey-glide bullmq bull bee-queue memcached memjs
  mongodb mysql mysql2 mariadb pg postgres pg-native oracledb tedious ibm_db odbc node-firebird cassandra-driver
  scylladb-driver couchbase aerospike neo4j-driver rethinkdb @prisma/client better-sqlite3 sqlite3 sqlite libsql
  @libsql/client duckdb @duckdb/node-api classic-level rocksdb lmdb
  kafkajs node-rdkafka @confluentinc/kafka-javascript @platformatic/kafka amqplib rabbitmq-client rhea
  @azure/service-bus nats @nats-io/nats-core mqtt stompit nsqjs pulsar-client zeromq
  @grpc/grpc-js grpc @temporalio/core-bridge thrift ws websocket faye-websocket engine.io uWebSockets.js
  ldapjs ldapts nodemailer ssh2 basic-ftp imapflow`
  .trim()
  .split(/\s+/);

/**
 * The packages that are loaded and that no hook sees.
 *
 * @param files the names of all loaded files
 * @param seen packages that have hooks
 */
export function unseenAmong(files: readonly string[], seen: readonly string[]): string[] {
  const others = clients.filter((name) => !seen.includes(name));
  // Not in Node's documentation, but available since version 0.x.
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
  const builtin = moduleLoadList?.includes('NativeModule sqlite') === true ? ['node:sqlite'] : [];
  const loaded = loadedAmong(others, files);
  // Since 4.1, redis is only a front: its client is a package that stands in the list too.
  const isFront = loadedAmong(['@redis/client'], files).length > 0;
  return [...loaded.filter((name) => name !== 'redis' || !isFront), ...builtin];
}
