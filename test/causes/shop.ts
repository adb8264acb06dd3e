// What the applications with and without planted causes share: their tables, their processes, and a signed request.
// needs: agent packages postgresql mariadb redis rabbitmq
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Redis } from 'ioredis';

import type { ReportedFindings } from '../../src/report/findings/json.js';
import { installLocked } from '../applications/install.js';
import { ostrace } from '../fixtures/command.js';
import { type Until, mysql, postgresql } from '../fixtures/databases.js';
import { modulePreload, on, projectFolder, scratch, signedHeaders } from '../scenario.js';

const folder = join(projectFolder, 'test/causes');

/** The tables that all applications use. What is slow in them sleeps, so that it is slow on every machine. */
const tables = `
  create table customers as select n as id, 'customer ' || n as name from generate_series(1, 20) n;
  create table orders as select n as id, n % 20 + 1 as customer_id, 100 as total from generate_series(1, 50) n;
  create table items as select n as id, 1 as order_id, 'item ' || n as name from generate_series(1, 40) n;
  create table settings as select 'currency' as name, 'EUR' as value;
  create table logins (customer_id int, digest text);
  create table migrations (name text);
  create table events as
    select n as id, case when n % 5 = 0 then 'login' else 'view' end as kind, now() as at,
      'agent ' || n as agent, md5(n::text) as session, n * 7 as size
    from generate_series(1, 50000) n;
  create table review_rows as select n as id, n as item_id, 'good' as text from generate_series(1, 40) n;
  create view reviews as select * from review_rows where (select pg_sleep(0.01)) is not null;
  create view sales as select 1 as sum where (select pg_sleep(0.15)) is not null;
  create view visits as select 2 as sum where (select pg_sleep(0.15)) is not null;
  create view returns as select 3 as sum where (select pg_sleep(0.15)) is not null;
  create view archive as select 1 as order_id where (select pg_sleep(1)) is not null;
  create view stock as select 7 as item_id, 3 as level where (select pg_sleep(0.8)) is not null;
  analyze`;

const mysqlTables = [
  'create table items as select seq as id, 1 as order_id, concat("item ", seq) as name from seq_1_to_40',
  'create table review_rows as select seq as id, seq as item_id, "good" as text from seq_1_to_40',
  'alter table review_rows add primary key (item_id)',
  'create view reviews as select *, sleep(0.01) as waited from review_rows',
];

/** The servers with their tables, as environment variables name them. */
export type Shop = Readonly<Record<string, string>>;

/** Fills databases of the file's own. */
export async function openShop(until: Until): Promise<Shop> {
  await installLocked(folder);
  const shop = await postgresql.create(until);
  await shop.query(tables);
  const second = await mysql.create(until);
  for (const statement of mysqlTables) await second.query(statement);
  const { REDIS_URL = 'redis://127.0.0.1:6379', AMQP_URL = 'amqp://guest:guest@127.0.0.1:5672' } =
    process.env;
  const redis = new Redis(REDIS_URL);
  const prices = Array.from({ length: 400 }, (_, i) => [`ostrace-causes:price:${i}`, String(i)]).flat();
  await redis.mset(prices);
  until.after(async () => {
    await redis.del(prices.filter((_, i) => i % 2 === 0));
    await redis.quit();
  });
  const { hostname, port, username, password, pathname } = new URL(shop.url);
  return {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
    MYSQL_DATABASE_URL: second.url,
    REDIS_URL,
    AMQP_URL,
  };
}

/** A process of an application. */
export interface Service {
  readonly url: string;
  /** Until it prints this from now on, or ends. */
  says(line: string): Promise<void>;
  /** Ends it as a platform does. */
  end(): Promise<void>;
}

interface ServiceOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

/** Starts an application under the agent; its name is that of its service. */
async function startService(
  until: Until,
  file: string,
  shop: Shop,
  store: string,
  { args = [], env = {}, nodeArgs = [] }: ServiceOptions = {},
): Promise<Service> {
  const child = spawn(
    process.execPath,
    [...nodeArgs, '--import', modulePreload, join(folder, file), ...args],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        ...shop,
        ...on,
        OSTRACE_CONNECTION_STRING: `file://${store}`,
        OSTRACE_SPOOL: `${store}-spool`,
        OSTRACE_SERVICE: /([\w-]+)\.mjs$/.exec(file)![1],
        OSTRACE_TRACE_SQL: 'true',
        OSTRACE_TRACE_SQL_PARAMS: 'true',
        OSTRACE_EXIT_TIMEOUT: '30000',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  until.after(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const listening = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of listening) look();
  });
  const seen = (isThere: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isThere()) return;
        listening.delete(look);
        resolve();
      };
      listening.add(look);
      look();
    });
  await Promise.race([seen(() => stdout.includes('\n')), closed]);
  const [url = ''] = stdout.split('\n');
  assert.notEqual(url, '', `${file} did not start: ${stderr}`);
  return {
    url,
    async says(line) {
      const from = stdout.length;
      await Promise.race([seen(() => stdout.includes(line, from)), closed]);
    },
    async end() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** A traced request and what has to be there for it. */
export interface Play {
  /** The application, below test/causes. */
  readonly app: string;
  /** The services behind it, the last one first; each is given the address of the one before it. */
  readonly services?: readonly (string | readonly [file: string, options: ServiceOptions])[];
  /** The address of what is behind it, if that is no service of its own. */
  readonly behind?: string;
  readonly path?: string;
  readonly method?: string;
  readonly body?: () => ReadableStream<Uint8Array>;
  readonly options?: ServiceOptions;
  /** How often it is asked before, so that pools are open and code is compiled. */
  readonly warm?: number;
  /** The path that it is warmed by, if it is another. */
  readonly warmPath?: string;
  /** How many traced requests are made, one after the other. */
  readonly traced?: number;
  /** Called with the application before each traced request. */
  readonly before?: (app: Service) => Promise<void> | void;
  /** The line that the application prints when the work of a request is over, if that is after its answer. */
  readonly over?: string;
}

export interface Traced {
  /** What `ostrace trace show --json` says of the traces. */
  findings(trace: number): Promise<ReportedFindings['findings']>;
  /** What `ostrace trace show` prints. */
  text(trace: number): Promise<string>;
}

/** Starts an application, asks it, and ends it, so that all events are stored. */
export async function play(until: Until, shop: Shop, what: Play): Promise<Traced> {
  const store = join(scratch(until as Parameters<typeof scratch>[0]), 'traces');
  const started: Service[] = [];
  let behind = what.behind;
  const start = async (file: string, options: ServiceOptions = {}): Promise<Service> => {
    const args = [...(options.args ?? []), ...(behind === undefined ? [] : [behind])];
    const service = await startService(until, file, shop, store, { ...options, args });
    started.push(service);
    behind = service.url;
    return service;
  };
  for (const service of what.services ?? []) {
    await (typeof service === 'string' ? start(service) : start(...service));
  }
  const app = await start(what.app, what.options);
  const { method = 'GET', path = '/', warm = 3, warmPath = path, traced = 1 } = what;
  const ask = async (at: string, headers: Record<string, string> = {}): Promise<void> => {
    const upload = what.body && { body: what.body(), duplex: 'half' as const };
    const over = what.over === undefined ? undefined : app.says(what.over);
    const answer = await fetch(app.url + at, { method, headers, ...upload });
    await answer.arrayBuffer();
    await over;
  };
  for (let i = 0; i < warm; i++) await ask(warmPath);
  // The first traced request starts the exporter's thread, of which a busy machine makes seconds.
  if (warm > 0) await ask(warmPath, signedHeaders().headers);
  const ids: string[] = [];
  for (let i = 0; i < traced; i++) {
    const { base_id, headers } = signedHeaders();
    ids.push(base_id);
    // A client that asks again at once on a busy machine finds the loop busy with what it asked before.
    await delay(100);
    await what.before?.(app);
    // The answer of an application that crashes never comes.
    await ask(path, headers).catch(() => {});
  }
  for (const service of started.toReversed()) await service.end();
  const show = async (trace: number, ...flags: readonly string[]): Promise<string> => {
    const args = ['trace', 'show', ids[trace]!, '--connection-string', `file://${store}`, ...flags];
    const { code, stdout, stderr } = await ostrace(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  return {
    findings: async (trace) => (JSON.parse(await show(trace, '--json')) as ReportedFindings).findings,
    text: (trace) => show(trace, '--findings'),
  };
}

/** A body that comes in ten pieces, one every 30 ms. */
export function slowBody(): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent++ === 10) return controller.close();
      await delay(30);
      return controller.enqueue(new Uint8Array(20_000));
    },
  });
}
