// The stores that the faults are tried on: how each is reached through a proxy, and how its events are counted.
// needs: postgresql mariadb redis rabbitmq
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import amqp from 'amqplib';

import type { Event } from '../../src/trace/event.js';
import { open } from '../fixtures/drivers.js';
import { openSearchServer } from '../stand-ins/elasticsearch.js';
import { openOtlpReceiver } from '../stand-ins/otlp.js';
import { createProxy } from './proxy.js';

/** A store, with what makes it fail. */
export interface Store {
  /** The connection string of the application. */
  readonly connectionString: string;
  /** The same, that the store refuses to let in; undefined where it lets everybody in. */
  readonly refused: string | undefined;
  /** Whether it can be asked what it holds, so that nothing is stored twice. */
  readonly canTell: boolean;
  down(): Promise<void>;
  up(): Promise<void>;
  hang?(): void;
  slow?(ms: number): void;
  /** Answers without an end. */
  flood?(): void;
  /** Puts something else in the place where a trace is to be. */
  obstruct?(how: 'pipe' | 'link', base_id: string): void;
  /** The events of a trace that are stored, and how many of them are the same as others. */
  count(base_id: string): Promise<{ readonly stored: number; readonly twice: number }>;
  remove(): Promise<void>;
}

async function countByReading(
  connectionString: string,
  base_id: string,
): Promise<{ stored: number; twice: number }> {
  const driver = open(connectionString);
  try {
    const events = (await driver.read(base_id))?.events ?? [];
    const distinct = new Set(events.map(({ name, trace_id }) => name + trace_id));
    return { stored: distinct.size, twice: events.length - distinct.size };
  } finally {
    await driver.close();
  }
}

function files(): Store {
  const place = mkdtempSync(join(tmpdir(), 'ostrace-faults-'));
  const usable = join(place, 'usable');
  const blocked = join(place, 'blocked');
  const current = join(place, 'current');
  mkdirSync(usable);
  mkdirSync(blocked);
  writeFileSync(join(blocked, 'traces'), 'a file where the folder is to be');
  // One link takes the place of another in a single step. In between two steps, the application might make the folder
  // anew before the file is in its place.
  const leadTo = (target: string): void => {
    symlinkSync(target, `${current}.new`);
    renameSync(`${current}.new`, current);
  };
  leadTo(usable);
  const folder = join(current, 'traces');
  const connectionString = `file://${folder}`;
  let obstacle: string | undefined;
  return {
    connectionString,
    refused: undefined,
    canTell: true,
    async down() {
      leadTo(blocked);
    },
    obstruct(how, base_id) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      obstacle = join(folder, `${base_id}.jsonl`);
      if (how === 'link') symlinkSync(join(place, 'elsewhere'), obstacle);
      else execFileSync('mkfifo', [obstacle]);
    },
    async up() {
      leadTo(usable);
      if (obstacle !== undefined) rmSync(obstacle, { force: true });
      obstacle = undefined;
    },
    // Nothing is in the place of the trace's file but what is in the way.
    count: async (base_id) =>
      obstacle === undefined
        ? countByReading(`file://${join(usable, 'traces')}`, base_id)
        : { stored: 0, twice: 0 },
    async remove() {
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** As the driver reads, but without waiting for messages that may still come. */
async function countInQueue(url: string, base_id: string): ReturnType<Store['count']> {
  const connection = await amqp.connect(url);
  try {
    const channel = await connection.createChannel();
    const { messageCount } = await channel.assertQueue('profiler.info', { durable: false });
    const events: string[] = [];
    await new Promise<void>((done) => {
      if (messageCount === 0) return done();
      let seen = 0;
      void channel.consume('profiler.info', (message) => {
        const { payload } = JSON.parse(message?.content.toString() ?? '{}') as { payload: Event };
        if (payload.base_id === base_id) events.push(payload.name + payload.trace_id);
        if (++seen === messageCount) done();
      });
    });
    const stored = new Set(events).size;
    return { stored, twice: events.length - stored };
  } finally {
    // What was not acknowledged goes back to the queue.
    await connection.close();
  }
}

/** A store behind a proxy. */
async function network(
  direct: string,
  {
    user,
    canTell = true,
    count = (base_id) => countByReading(direct, base_id),
    remove = async () => {},
  }: {
    /** Name and password that the store does not know. */
    readonly user?: string | undefined;
    readonly canTell?: boolean;
    readonly count?: Store['count'];
    readonly remove?: () => Promise<void>;
  },
): Promise<Store> {
  const url = new URL(direct);
  const proxy = await createProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const connectionString = url.href;
  return {
    connectionString,
    refused: user && connectionString.replace(/\/\/([^/]*@)?/, `//${user}@`),
    canTell,
    down: () => proxy.refuse(),
    up: () => proxy.pass(),
    hang: () => proxy.hang(),
    slow: (ms) => proxy.slow(ms),
    flood: () => proxy.flood(),
    count,
    async remove() {
      await proxy.close();
      await remove();
    },
  };
}

const { env } = process;

/** The servers are those that the tests brought up. */
export const stores: Readonly<Record<string, () => Promise<Store>>> = {
  file: async () => files(),
  postgresql: () => {
    const { PGUSER = 'postgres', PGPASSWORD = '', PGHOST = '127.0.0.1', PGPORT = '5432' } = env;
    const { PGDATABASE = 'test' } = env;
    return network(`postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`, {
      user: PGPASSWORD === '' ? undefined : 'ostrace:wrong',
    });
  },
  mysql: () => {
    const { MYSQL_USER = 'root', MYSQL_PASSWORD = '', MYSQL_HOST = '127.0.0.1', MYSQL_PORT = '3306' } = env;
    const { MYSQL_DATABASE = 'test' } = env;
    return network(`mysql://${MYSQL_USER}:${MYSQL_PASSWORD}@${MYSQL_HOST}:${MYSQL_PORT}/${MYSQL_DATABASE}`, {
      user: 'ostrace:wrong',
    });
  },
  rabbitmq: () => {
    const url = env['AMQP_FAULTS_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672/';
    return network(url, {
      user: 'ostrace:wrong',
      canTell: false,
      count: (base_id) => countInQueue(url, base_id),
    });
  },
  'elasticsearch (stand-in)': async () => {
    const server = await openSearchServer({ number: '9.1.0' });
    return network(`elasticsearch://127.0.0.1:${server.port}`, { remove: () => server.stop() });
  },
  'otlp (stand-in)': async () => {
    const collector = await openOtlpReceiver();
    return network(`otlp://127.0.0.1:${collector.port}`, {
      canTell: false,
      // Each finished span is two events.
      async count(base_id) {
        const spans = collector.spans.filter(({ trace_id }) => trace_id === base_id.replaceAll('-', ''));
        const ids = new Set(spans.map(({ span_id }) => span_id));
        return { stored: 2 * ids.size, twice: 2 * (spans.length - ids.size) };
      },
      remove: () => collector.stop(),
    });
  },
  redis: () => network(env['REDIS_URL'] ?? 'redis://127.0.0.1:6379/', { user: 'ostrace:wrong' }),
};
