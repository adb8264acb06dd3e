// Which secrets of an application may reach an event: those that were asked for.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { maskLiterals } from '../src/redaction/sql.js';
import { key, on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';

async function trace(
  t: Parameters<typeof run>[0],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly all: string; readonly child: string; readonly tree: string }> {
  let child = '';
  const { events, stderr, stdout } = await run(t, scenario('secrets.cjs'), {
    env: { ...on, OSTRACE_TRACE_SQL: 'true', ...env },
    onReady: async (port) => {
      const url = `http://127.0.0.1:${port}/?password=incoming-secret`;
      const headers = { ...signedHeaders().headers, 'X-Api-Key': 'header-secret' };
      child = await (await fetch(url, { headers })).text();
    },
  });
  return { all: `${JSON.stringify(events)}${stderr}${stdout}`, child, tree: shape(treeOf(events)) };
}

const secretsIn = (text: string): string[] => [...new Set(text.match(/\w+-secret/g))].toSorted();

test('by default no secret reaches an event, a log line or the arguments of a child', async (t) => {
  const { all, child, tree } = await trace(t, { OSTRACE_DEBUG: 'true' });
  assert.deepEqual(secretsIn(all), []);
  assert.ok(!`${all}${child}`.includes(key), 'the key');
  assert.deepEqual(JSON.parse(child.trim()), [
    [process.execPath],
    ['-p', 'JSON.stringify([process.argv, process.execArgv])'],
  ]);
  for (const point of ['db(sql)', 'command', 'http(wsgi)'])
    assert.ok(tree.includes(point), `${point} in ${tree}`);
});

test('what is asked for is recorded: the same check finds it', async (t) => {
  const { all } = await trace(t, {
    OSTRACE_MASK_SQL: 'false',
    OSTRACE_TRACE_SQL_PARAMS: 'true',
    OSTRACE_TRACE_COMMAND_ARGS: 'true',
  });
  assert.deepEqual(secretsIn(all), [
    'argv-secret',
    'comment-secret',
    'executed-secret',
    'literal-secret',
    'mail-secret',
    'parameter-secret',
    'raised-secret',
    'syntax-secret',
    'type-secret',
  ]);
});

test('an error that quotes no value keeps its message', async (t) => {
  const code = `
    const pg = require('pg');
    const client = new pg.Client();
    client.connect().then(() => client.query('SELECT 1 FROM nowhere_at_all')).catch(() => client.end());`;
  const { events } = await run(t, '-e', { args: [code], env: { ...on, OSTRACE_PROFILE: key } });
  const messages = events.map(({ info }) => info['message']).filter(Boolean);
  assert.deepEqual(messages, ['relation "nowhere_at_all" does not exist']);
});

test('masking leaves no literal of a statement that a client library has formatted', () => {
  const values = ["it's", 'a"b', 'back\\slash', '$$', '-- x', '/* x */', 'é', '1e5', '\n'];
  for (const value of values) {
    const literal = `'${value.replaceAll("'", "''")}'`;
    const sql = `select * from t where a = ${literal} and b = 'b-secret'`;
    assert.equal(maskLiterals(sql, 'postgresql'), 'select * from t where a = ? and b = ?', value);
  }
});
