// Spellings of connection strings that other tools take, against the servers of the tests.
// needs: postgresql mariadb
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

import type { TraceSummary } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { newId } from '../src/trace/ids.js';
import { open } from './fixtures/drivers.js';
import { shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';

const env = (name: string, otherwise: string): string => process.env[name] || otherwise;
const pg = {
  host: env('PGHOST', '127.0.0.1'),
  port: Number(env('PGPORT', '5432')),
  user: env('PGUSER', 'postgres'),
  password: env('PGPASSWORD', ''),
};
const mysql = {
  host: env('MYSQL_HOST', '127.0.0.1'),
  port: Number(env('MYSQL_PORT', '3306')),
  user: env('MYSQL_USER', 'root'),
  password: env('MYSQL_PASSWORD', ''),
};
// Each of these ends a name, or means something else, in a URL.
const name = `ostrace ${process.pid} a/b?c#d%e@f:ü`;
const encoded = encodeURIComponent(name);
const accountOf = ({ user, password }: typeof pg): string =>
  `${encodeURIComponent(user)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`;

async function storesAndReads(context: TestContext, url: string): Promise<void> {
  const driver = open(url);
  context.after(() => driver.close());
  const trace = newId();
  await driver.write(linesOf(shopTrace(trace)));
  assert.equal((await driver.read(trace))?.events.length, shopTrace().length);
  assert.ok((await driver.newest!(10_000)).traces.some(({ base_id }) => base_id === trace));
}

async function inPostgresql(sql: string): Promise<void> {
  const client = new Client({ ...pg, database: 'postgres' });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function inMysql(sql: string): Promise<Record<string, unknown>> {
  const connection = await createConnection(mysql);
  const [rows] = await connection.query(sql);
  await connection.end();
  return (rows as Record<string, unknown>[])[0] ?? {};
}

test('PostgreSQL: a percent-encoded name of a database', async (context) => {
  await inPostgresql(`create database "${name}"`);
  context.after(() => inPostgresql(`drop database "${name}" with (force)`));
  const at = `${accountOf(pg)}@${pg.host}:${pg.port}/${encoded}`;
  await storesAndReads(context, `postgresql://${at}`);
  await storesAndReads(context, `postgres://${at}?sslmode=disable`);
  await storesAndReads(context, `postgresql+psycopg2://${at}`);
  const wrong = open(`postgresql://${accountOf(pg)}@${pg.host}:${pg.port}/a%2`);
  await assert.rejects(() => wrong.list(), { name: 'DriverError' });
});

test('MySQL: a percent-encoded name of a database', async (context) => {
  await inMysql(`create database \`${name}\``);
  context.after(() => inMysql(`drop database \`${name}\``));
  for (const scheme of ['mysql', 'mariadb', 'mysql+pymysql']) {
    await storesAndReads(context, `${scheme}://${accountOf(mysql)}@${mysql.host}:${mysql.port}/${encoded}`);
  }
});

test('MySQL: a user and no host, where a socket is named', async (context) => {
  const { path, folder } = await inMysql('select @@socket path, @@datadir folder');
  const socket = join(String(path).startsWith('/') ? '' : String(folder), String(path));
  if (!existsSync(socket)) return context.skip(`${socket} is not on this machine`);
  const database = `ostrace_socket_${process.pid}`;
  await inMysql(`create database ${database}`);
  context.after(() => inMysql(`drop database ${database}`));
  const parameter = `unix_socket=${encodeURIComponent(socket)}`;
  await storesAndReads(context, `mysql://${accountOf(mysql)}@/${database}?${parameter}`);
  await storesAndReads(context, `mysql://${accountOf(mysql)}@:3306/${database}?${parameter}`);
  await storesAndReads(context, `mysql://${accountOf(mysql)}@localhost/${database}?${parameter}`);
});

test('SQL: of a large table the newest rows are read, and a trace that goes on for long keeps its place', async (context) => {
  for (const engine of ['postgresql', 'mysql'] as const) {
    const database = `ostrace_newest_${engine}_${process.pid}`;
    const [run, server] = engine === 'mysql' ? [inMysql, mysql] : [inPostgresql, pg];
    await run(`create database ${database}`);
    context.after(() => run(`drop database ${database}${engine === 'mysql' ? '' : ' with (force)'}`));
    const driver = open(`${engine}://${accountOf(server)}@${server.host}:${server.port}/${database}`);
    context.after(() => driver.close());
    assert.deepEqual(await driver.newest!(5), { traces: [], total: 0 });
    const event = (base_id: string, second: number): string =>
      JSON.stringify({
        name: 'p-start',
        base_id,
        trace_id: newId(),
        parent_id: base_id,
        timestamp: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().slice(0, -1).padEnd(26, '0'),
        info: { host: 'h' },
        project: 'test',
        service: 'shop',
      });
    const long = newId();
    const ids = Array.from({ length: 45 }, newId);
    const lines = [new Line(long, event(long, 0))];
    for (const [i, base_id] of ids.entries()) {
      for (let j = 0; j < 1000; j++) lines.push(new Line(base_id, event(base_id, 1000 * i + j + 1)));
    }
    lines.push(new Line(long, event(long, 1e6)));
    for (let i = 0; i < lines.length; i += 1000) await driver.write(lines.slice(i, i + 1000));
    const newest = await driver.newest!(5);
    assert.equal(newest.total, undefined);
    // By its last row the long one would be among them.
    assert.deepEqual(
      newest.traces.map(({ base_id }) => base_id),
      ids.slice(-5).toReversed(),
    );
    const [begun] = await driver.find!(long.slice(0, 18));
    assert.deepEqual(begun, (await driver.list()).at(-1));
    const paged: TraceSummary[] = [];
    let next: string | undefined;
    do {
      const page = await driver.page!(7, next);
      paged.push(...page.traces);
      next = page.next;
    } while (next !== undefined);
    assert.deepEqual(paged, await driver.list(), 'over many windows of rows');
    const all = await driver.newest!(100);
    assert.deepEqual(all, { traces: await driver.list(), total: 46 });
  }
});
