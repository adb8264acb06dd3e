// Next.js as it is served: by `next start`, and by the server of its standalone output.
// needs: agent packages postgresql mariadb
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask, withoutPid } from '../loading/probe.js';
import { type Run, on, preload, run, shape, signedHeaders, treeOf } from '../scenario.js';
import { freePort } from '../services/scratch.js';
import { installApplications } from './install.js';
import { type NextBuild, buildNext } from './next-build.js';
import { paramsOf, pointsOf } from './trees.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** One Node of each major is enough for what takes longest: the newest, not the oldest that is supported. */
const isOlderOfItsMajor = (major === 20 && minor < 20) || (major === 22 && minor < 12);

let build: NextBuild;
if (!isOlderOfItsMajor) {
  before(async () => {
    await installApplications();
    build = await buildNext();
  });
}

const routes: Readonly<Record<string, readonly [tree: string, status: number]>> = {
  rows: ['wsgi(db(sql) db(sql))', 200],
  page: ['wsgi(db(sql) db(sql))', 200],
  error: ['wsgi(db(sql) db(sql))', 500],
  stream: ['wsgi(db(sql) db(sql) db(sql) db(sql))', 200],
};
const atOnce = 12;

const servers: Readonly<Record<string, (port: string) => { file: string; args: string[] }>> = {
  'next start': (port) => ({ file: build.next, args: ['start', '-p', port] }),
  'the standalone server': () => ({ file: build.standalone, args: [] }),
};

for (const [name, serve] of isOlderOfItsMajor ? [] : Object.entries(servers)) {
  for (const flag of name === 'next start' ? ['--import'] : ['--require']) {
    test(`${name}, ${flag} in NODE_OPTIONS: signed requests have their own whole trees, unsigned ones none`, async (t) => {
      const port = String(await freePort());
      const play = (env: Record<string, string>, body: () => Promise<void>): Promise<Run> => {
        const { file, args } = serve(port);
        return run(t, file, {
          args,
          load: 'none',
          cwd: build.folder,
          env: { ...env, PORT: port, HOSTNAME: '127.0.0.1', NEXT_TELEMETRY_DISABLED: '1' },
          onReady: async (_line, child) => {
            await accepts(port, child);
            await body();
            child.kill('SIGTERM');
          },
        });
      };

      const expected: unknown[] = [];
      const bare = await play({}, async () => {
        for (const route of Object.keys(routes)) expected.push(await ask(port, `/${route}/a`, {}));
      });
      const asked = new Map<string, readonly [route: string, id: string]>();
      const askSigned = (route: string, id: string): Promise<unknown> => {
        const { base_id, headers } = signedHeaders();
        asked.set(base_id, [route, id]);
        return ask(port, `/${route}/${id}`, headers);
      };
      const settings = { ...on, OSTRACE_TRACE_SQL: 'true', OSTRACE_TRACE_SQL_PARAMS: 'true' };
      const traced = await play({ ...settings, NODE_OPTIONS: `${flag} ${preload}` }, async () => {
        for (const [i, route] of Object.keys(routes).entries()) {
          assert.deepEqual(await askSigned(route, 'a'), expected[i], `${route}, signed`);
          assert.deepEqual(await ask(port, `/${route}/a`, {}), expected[i], `${route}, unsigned`);
        }
        await Promise.all(
          Array.from({ length: atOnce }, async (_, i) => {
            const route = i % 2 === 0 ? 'page' : 'rows';
            await Promise.all([askSigned(route, `s${i}`), ask(port, `/${route}/u${i}`, {})]);
          }),
        );
      });

      // The bare run was asked for one error, the traced one for two.
      assert.deepEqual(new Set(lines(traced.stderr)), new Set(lines(bare.stderr)));
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
}

function lines(stderr: string): string[] {
  return withoutPid(stderr).split('\n');
}

/** Waits until a program takes connections. */
async function accepts(port: string, child: ChildProcess): Promise<void> {
  for (;;) {
    assert.equal(child.exitCode, null, 'it ended before it took connections');
    const socket = connect(Number(port), '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(100);
    } finally {
      socket.destroy();
    }
  }
}
