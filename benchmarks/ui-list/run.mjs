// Measures the list of `ostrace ui` over stores of a million traces.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createClient } from '@redis/client';
import { Client } from 'pg';

const project = resolve(fileURLToPath(import.meta.url), '../../..');
const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: '1000000' },
    stores: { type: 'string', default: 'postgresql,file,redis' },
  },
});
const traces = Number(values.traces);
const firstSecond = Date.UTC(2026, 0, 1) / 1000;

/** The id of a trace: its number, so that a page can be checked. */
const idOf = (i) => `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
const numberOf = (id) => parseInt(id.slice(0, 8), 16);
const timestampOf = (i, micros) =>
  `${new Date((firstSecond + i) * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}`;

function eventOf(i, kind) {
  const base_id = idOf(i);
  const isStart = kind === 'start';
  return {
    name: `wsgi-${kind}`,
    base_id,
    trace_id: base_id,
    parent_id: base_id,
    timestamp: timestampOf(i, isStart ? 0 : 1000 + (i % 900_000)),
    info: isStart
      ? { request: { method: 'GET', path: `/orders/${i % 7}` }, host: 'h' }
      : { response: { status_code: 200 }, host: 'h' },
    project: 'bench',
    service: 'shop',
  };
}

/** Each store: fills it, and gives its connection string and what removes it. */
const stores = {
  async postgresql() {
    const { PGHOST: host = '127.0.0.1', PGPORT: port = '5432', PGUSER: user = 'postgres' } = process.env;
    const database = `ostrace_list_${process.pid}`;
    const run = async (into, ...statements) => {
      const client = new Client({ host, port: Number(port), user, database: into });
      await client.connect();
      for (const statement of statements) await client.query(statement);
      await client.end();
    };
    await run('postgres', `create database ${database}`);
    const connection = `postgresql://${user}@${host}:${port}/${database}`;
    // The driver makes its table with the first event.
    const { open } = await import(join(project, 'dist/test/fixtures/drivers.js'));
    const { linesOf } = await import(join(project, 'dist/test/fixtures/lines.js'));
    const driver = open(connection);
    await driver.write(linesOf([eventOf(0, 'start'), eventOf(0, 'stop')]));
    await driver.close();
    const info = `'{"info":' || case when k = 0 then '{"request":{"method":"GET","path":"/orders/' || i % 7 || '"}}' else '{"response":{"status_code":200}}' end || '}'`;
    await run(
      database,
      `insert into data (timestamp, base_id, parent_id, trace_id, project, host, service, name, data)
       select to_char(timestamp '2026-01-01' + i * interval '1 second' + k * (1000 + i % 900000) * interval '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US'), id, id, id, 'bench', 'h', 'shop', 'wsgi-' || case when k = 0 then 'start' else 'stop' end, (${info})::json::json
       from (select i, k, lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000' as id from generate_series(1, ${traces - 1}) i, generate_series(0, 1) k) rows order by i, k`,
      'analyze',
    );
    return { connection, remove: () => run('postgres', `drop database ${database} with (force)`) };
  },

  async file() {
    const folder = join(mkdtempSync(join(tmpdir(), 'ostrace-list-')), 'traces');
    mkdirSync(folder);
    for (let i = 0; i < traces; i++) {
      const lines = `\n${JSON.stringify(eventOf(i, 'start'))}\n${JSON.stringify(eventOf(i, 'stop'))}\n`;
      writeFileSync(join(folder, `${idOf(i)}.jsonl`), lines);
    }
    return {
      connection: `file://${folder}`,
      remove: async () => rmSync(join(folder, '..'), { recursive: true }),
    };
  },

  async redis() {
    const url = new URL(process.env.REDIS_URL || 'redis://127.0.0.1:6379');
    url.pathname = '/14';
    const client = createClient({ url: url.href });
    await client.connect();
    assert.equal(await client.dbSize(), 0, 'database 14 of Redis holds something');
    for (let i = 0; i < traces; i += 5000) {
      const some = Array.from({ length: Math.min(5000, traces - i) }, (_, j) => i + j);
      await Promise.all(
        some.map((n) =>
          client.lPush(`osprofiler_opt:${idOf(n)}`, [
            JSON.stringify(eventOf(n, 'start')),
            JSON.stringify(eventOf(n, 'stop')),
          ]),
        ),
      );
    }
    return {
      connection: url.href,
      async remove() {
        await client.flushDb();
        await client.close();
      },
    };
  },
};

async function start(connection) {
  const args = [
    join(project, 'dist/src/cli/main.js'),
    'ui',
    '--no-open',
    '--port',
    '0',
    '--connection-string',
    connection,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, address: line.trim() };
}

async function timed(address, path) {
  const startedAt = performance.now();
  const response = await fetch(address + path);
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  return { ms: performance.now() - startedAt, body };
}

/** What asks for the page in the middle: one of the pages on the way there, without going that way. */
const middleOf = {
  postgresql: () => `${traces}.0`,
  file: (connection, i) => {
    const path = join(connection.slice('file://'.length), `${idOf(i)}.jsonl`);
    return import('node:fs').then(
      ({ statSync }) => `${Math.round(statSync(path).mtimeMs * 1000)}:${idOf(i)}`,
    );
  },
  redis: (_connection, i) => idOf(i),
};

const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const shown = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

async function measure(name) {
  const filledAt = performance.now();
  const { connection, remove } = await stores[name]();
  process.stderr.write(`${name}: filled in ${shown(performance.now() - filledAt)}\n`);
  try {
    const { child, address } = await start(connection);
    const first = await timed(address, 'api/traces');
    assert.equal(first.body.rows.length, 50);
    // Files have the order in which they were written, and databases that of their rows.
    assert.ok(first.body.rows.every(({ base_id }) => numberOf(base_id) > traces - 200));
    const again = await timed(address, 'api/traces');
    const second = await timed(address, `api/traces?after=${encodeURIComponent(first.body.next)}`);
    const half = Math.floor(traces / 2);
    const cursor = await middleOf[name](connection, half);
    const middle = await timed(address, `api/traces?after=${encodeURIComponent(cursor)}`);
    assert.ok(middle.body.rows.every(({ base_id }) => Math.abs(numberOf(base_id) - half) < 3000));
    const newest = await timed(address, 'api/newest');
    const filtered = await timed(address, 'api/traces?filter=status:404');
    assert.ok(filtered.body.examined >= 50 && filtered.body.rows.length === 0);
    const memory = rss(child.pid);
    child.kill();
    await once(child, 'exit');
    const cells = [first, again, second, middle, newest].map(({ ms }) => shown(ms));
    const filter = `${shown(filtered.ms)} for ${filtered.body.examined}`;
    // Before what was stored is removed, which takes minutes for a folder.
    console.log(`| ${[name, ...cells, filter, `${Math.round(memory)} MB`].join(' | ')} |`);
  } finally {
    await remove();
  }
}

const head = [
  'store',
  'first page',
  'again',
  'second page',
  'page in the middle',
  'newest',
  'filter',
  'memory of the server',
];
console.log(`| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`);
for (const name of values.stores.split(',')) await measure(name);
