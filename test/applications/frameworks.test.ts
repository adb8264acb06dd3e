// The frameworks that most applications are written with, each with both drivers: a route that asks them, one
// that fails, one that streams, and many requests at once.
// needs: agent packages postgresql mariadb
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, before, test } from 'node:test';

import { withoutPid } from '../loading/probe.js';
import { type Run, type RunOptions, on, run, shape, signedHeaders, treeOf } from '../scenario.js';
import { applications, installApplications } from './install.js';
import { paramsOf, pointsOf } from './trees.js';

before(installApplications);

const frameworks: readonly (readonly [name: string, file: string, args: readonly string[]])[] = [
  ['Express', 'express.cjs', []],
  ['Koa', 'koa.mjs', []],
  ['Fastify', 'fastify.cjs', []],
  ['Nest on Express', 'nest.mjs', ['Express']],
  ['Nest on Fastify', 'nest.mjs', ['Fastify']],
];

const routes: Readonly<Record<string, readonly [tree: string, status: number]>> = {
  both: ['wsgi(db(sql) db(sql))', 200],
  error: ['wsgi(db(sql))', 500],
  stream: ['wsgi(db(sql) db(sql) db(sql))', 200],
};
const atOnce = 20;

for (const [name, file, args] of frameworks) {
  test(`${name}: signed requests have their own whole trees, unsigned ones none; all answers are those without the agent`, async (t) => {
    const expected: unknown[] = [];
    const bare = await play(t, file, args, { load: 'none' }, async (port) => {
      for (const route of Object.keys(routes)) expected.push(await ask(port, route, 'a', {}));
    });

    const asked = new Map<string, readonly [route: string, id: string]>();
    const askSigned = (port: string, route: string, id: string): Promise<unknown> => {
      const { base_id, headers } = signedHeaders();
      asked.set(base_id, [route, id]);
      return ask(port, route, id, headers);
    };
    const env = { ...on, OSTRACE_TRACE_SQL: 'true', OSTRACE_TRACE_SQL_PARAMS: 'true' };
    const traced = await play(t, file, args, { env }, async (port) => {
      for (const [i, route] of Object.keys(routes).entries()) {
        assert.deepEqual(await askSigned(port, route, 'a'), expected[i], `${route}, signed`);
        assert.deepEqual(await ask(port, route, 'a', {}), expected[i], `${route}, unsigned`);
      }
      await Promise.all(
        Array.from({ length: atOnce }, async (_, i) => {
          const route = i % 2 === 0 ? 'both' : 'stream';
          await Promise.all([askSigned(port, route, `s${i}`), ask(port, route, `u${i}`, {})]);
        }),
      );
    });

    assert.equal(withoutPid(traced.stderr), withoutPid(bare.stderr));
    assert.deepEqual([traced.code, traced.signal], [bare.code, bare.signal]);
    assert.deepEqual(new Set(traced.events.map((event) => event.base_id)), new Set(asked.keys()));
    for (const [base_id, [route, id]] of asked) {
      const [tree, status] = routes[route]!;
      const roots = treeOf(traced.events, base_id);
      assert.equal(shape(roots), tree, `${route} of ${id}`);
      assert.deepEqual(roots[0]!.stop!.info['response'], { status_code: status });
      for (const sql of pointsOf(roots, 'sql')) assert.deepEqual(paramsOf(sql), [id]);
    }
  });
}

function play(
  t: TestContext,
  file: string,
  args: readonly string[],
  options: RunOptions,
  body: (port: string) => Promise<void>,
): Promise<Run> {
  return run(t, join(applications, 'frameworks', file), {
    ...options,
    args,
    onReady: async (port) => {
      await body(port);
      await fetch(`http://127.0.0.1:${port}/end`, { headers: { connection: 'close' } });
    },
  });
}

/** One answer, without what varies. */
async function ask(
  port: string,
  route: string,
  id: string,
  headers: Record<string, string>,
): Promise<unknown> {
  const post = { method: 'POST', body: JSON.stringify({ id }) };
  const response = await fetch(`http://127.0.0.1:${port}/${route}${route === 'both' ? '' : `/${id}`}`, {
    ...(route === 'both' ? post : {}),
    headers: { ...headers, ...(route === 'both' && { 'content-type': 'application/json' }) },
  });
  const { date: _varies, ...rest } = Object.fromEntries(response.headers);
  return { status: response.status, headers: rest, body: await response.text() };
}
