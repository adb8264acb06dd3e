// Lists packages that communicate in ways that no hook sees: over sockets of their own, or in native code. Packages
// that use HTTP are not in the list, because HTTP is seen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadedAmong } from './findings.js';
import { cachedFiles } from './loaded-files.js';

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

/** Packages that are part of another one, which has hooks. */
const parts: Readonly<Record<string, string>> = { 'engine.io': 'socket.io' };

/**
 * The same, with versions, of what was loaded as CommonJS. An ES module is only seen by a debugger.
 *
 * @param hooked the packages that were hooked
 */
export function unseenClients(hooked: ReadonlySet<string>): readonly string[] {
  const files = cachedFiles();
  const state = `${files.length} ${hooked.size}`;
  if (state === last.state) return last.unseen;
  const names = unseenAmong(files, [...hooked]).filter((name) => !hooked.has(parts[name] ?? ''));
  last = { state, unseen: names.map((name) => `${name} ${versionOf(name, files)}`.trim()) };
  return last.unseen;
}

/** The last result; it is the same until something else is loaded. */
let last: { readonly state: string; readonly unseen: readonly string[] } = { state: '', unseen: [] };

/** The version of a package of which files are loaded; '' if it cannot be told. */
function versionOf(name: string, files: readonly string[]): string {
  const folder = join('node_modules', name, '/');
  const file = files.find((each) => each.includes(folder));
  if (file === undefined) return '';
  try {
    const path = join(file.slice(0, file.lastIndexOf(folder)), folder, 'package.json');
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : '';
  } catch {
    return ''; // a package may have been bundled without it
  }
}
