// tRPC by @trpc/server 10 and 11: each call of a procedure is one point, in every supported version.
// needs: agent packages
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { crowd } from './crowd.js';
import { on, run, said, signedHeaders, treeOf } from './scenario.js';
import { writeApp } from './versions/app.js';
import { trpcStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { trpcRows } from './versions/matrix.js';
import { testStyles } from './versions/styles.js';

testStyles(
  trpcRows,
  'trpc.cjs',
  () => ({
    trpc: 'all @trpc/server',
    standalone: 'all @trpc/server/adapters/standalone',
    web: 'all @trpc/server/adapters/fetch',
    forExpress: 'all @trpc/server/adapters/express',
    observables: 'all @trpc/server/observable',
    express: 'express',
  }),
  trpcStyles,
);

const newest = Object.entries(trpcRows.at(-1)!.packages).map(([name, version]) => `${name}@${version}`);

const writeServer = (t: TestContext, kind: 'cjs' | 'mjs'): string =>
  writeApp(t, installed(...newest), kind, '../scenarios/trpc/server.cjs', {
    trpc: 'all @trpc/server',
    standalone: 'all @trpc/server/adapters/standalone',
  });

for (const kind of ['cjs', 'mjs'] as const) {
  test(`${kind}: of hundreds of calls in batches, each is in its own trace or in none`, async (t) => {
    const one = (id: string): string => JSON.stringify({ result: { data: id } });
    const seen = await crowd(t, { file: writeServer(t, kind), answer: (id) => `[${one(id)},${one(id)}]` });
    assert.deepEqual(seen.foreign, []);
    assert.equal(seen.shapes.size, 201);
    for (const [id, shape] of seen.shapes) assert.equal(shape, `wsgi(rpc(slow ${id}) rpc(fast ${id}))`);
  });
}

test('a point says which procedure was called and how it ended', async (t) => {
  const signed = { broken: signedHeaders(), slow: signedHeaders(), ticks: signedHeaders() };
  const { events, code, stderr } = await run(t, writeServer(t, 'mjs'), {
    env: on,
    async onReady(line, child) {
      const base = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
      const left = new AbortController();
      const ask = (path: string, { headers }: { headers: Record<string, string> }): Promise<Response> =>
        fetch(`${base}/-/${path}`, { headers, signal: left.signal });
      await (await ask('broken', signed.broken)).text();
      await (await ask('shop.slow?input=%22it%22', signed.slow)).text();
      const isLeft = said(child, 'left');
      await (await ask('ticks', signed.ticks)).body!.getReader().read();
      left.abort();
      await isLeft;
      await (await fetch(`${base}/end`)).text();
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const told = ({ base_id }: { base_id: string }): unknown =>
    treeOf(events, base_id).flatMap(({ children }) =>
      children.map(({ start, stop }) => {
        const { host: _host, ...info } = stop?.info ?? {};
        return [start.info['rpc'], info];
      }),
    );
  const rpc = { kind: 'server', system: 'trpc' };
  assert.deepEqual(told(signed.broken), [
    [
      { ...rpc, method: 'broken' },
      { etype: 'CONFLICT', message: 'it is sold', rpc: { status: 'CONFLICT' } },
    ],
  ]);
  assert.deepEqual(told(signed.slow), [[{ ...rpc, method: 'shop.slow' }, {}]]);
  assert.deepEqual(told(signed.ticks), [[{ ...rpc, method: 'ticks' }, {}]]);
});
