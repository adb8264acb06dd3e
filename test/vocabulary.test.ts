// The vocabulary of points: what the agent's events say is in it, and a misspelt fact does not compile.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Context } from '../src/trace/context.js';
import { startPoint } from '../src/trace/point.js';
import {
  type FactGroup,
  type PointName,
  type PointStart,
  facts,
  pointKinds,
} from '../src/trace/vocabulary.js';
import { key, on, run, scenario } from './scenario.js';

// Never called: the compiler reads it.
export function misspelt(context: Context): void {
  startPoint('http', context, { requests: { hostname: 'a' } });
  // @ts-expect-error -- the fact is `hostname`
  startPoint('http', context, { requests: { host_name: 'a' } });
  // @ts-expect-error -- an outgoing request says `requests`
  startPoint('http', context, { request: { path: '/' } });
  // @ts-expect-error -- there is no such point, and the application's own go through `pointName`
  startPoint('htttp', context, {});
  // @ts-expect-error -- a statement's rows are `rows`
  const start: PointStart = { point: 'sql', info: { db: { row_count: 1 } } };
  void start;
}

const http = `
  const { createServer, get } = require('node:http');
  const server = createServer((request, response) => response.end()).listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port + '/a?b=c';
    await fetch(url);
    get(url, (response) => response.resume().on('end', () => server.close()));
  });
`;

for (const name of ['http', 'pg-calls.cjs', 'mysql2-calls.cjs', 'commands.cjs', 'threads.cjs']) {
  test(`${name}: all that its events say is in the vocabulary`, async (t) => {
    const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_TRACE_SQL: 'true', OSTRACE_TRACE_SQL_PARAMS: 'true' };
    const isCode = name === 'http';
    const { events } = await run(t, isCode ? '-e' : scenario(name), { args: isCode ? [http] : [], env });
    assert.ok(events.length > 4);
    const unknown = events.flatMap(({ name: event, info }) => {
      const point = event.replace(/-(?:start|stop)$/, '');
      if (!Object.hasOwn(pointKinds, point)) return [];
      const says: readonly FactGroup[] = pointKinds[point as PointName].says;
      return Object.entries(info).flatMap(([group, members]) => {
        if (['host', 'etype', 'message', 'cancelled'].includes(group)) return [];
        if (!says.includes(group as FactGroup)) return [`${point}: ${group}`];
        const known: readonly string[] = facts[group as FactGroup];
        return Object.keys(members as object).filter((fact) => !known.includes(fact));
      });
    });
    assert.deepEqual(unknown, []);
  });
}
