// Connect by @connectrpc/connect 1 and 2: each call is one point at its client and one at its server, in every supported
// version.
// needs: agent packages
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { crowd } from './crowd.js';
import { on, run, signedHeaders, treeOf } from './scenario.js';
import { writeApp } from './versions/app.js';
import { connectStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { connectRows } from './versions/matrix.js';
import { testStyles } from './versions/styles.js';

for (const row of connectRows) {
  testStyles(
    [row],
    'connect.cjs',
    (names) => ({
      connect: 'all @connectrpc/connect',
      node: 'all @connectrpc/connect-node',
      protobuf: 'all @bufbuild/protobuf',
      ...(row.packages['@bufbuild/protobuf']!.startsWith('2.') && { wkt: 'all @bufbuild/protobuf/wkt' }),
      ...(names.includes('fastify') && {
        fastify: 'fastify',
        forFastify: 'all @connectrpc/connect-fastify',
        express: 'express',
        forExpress: 'all @connectrpc/connect-express',
      }),
    }),
    connectStyles,
  );
}

const newest = Object.entries(connectRows.at(-1)!.packages).map(([name, version]) => `${name}@${version}`);

const writeService = (t: TestContext, kind: 'cjs' | 'mjs'): string =>
  writeApp(t, installed(...newest), kind, '../scenarios/connect/server.cjs', {
    connect: 'all @connectrpc/connect',
    node: 'all @connectrpc/connect-node',
    protobuf: 'all @bufbuild/protobuf',
    wkt: 'all @bufbuild/protobuf/wkt',
  });

for (const kind of ['cjs', 'mjs'] as const) {
  test(`${kind}: of hundreds of calls over one connection, each is in its own trace or in none`, async (t) => {
    const seen = await crowd(t, { file: writeService(t, kind), answer: (id) => `${id},${id},${id}` });
    assert.deepEqual(seen.foreign, []);
    assert.equal(seen.shapes.size, 201);
    for (const [id, shape] of seen.shapes) {
      const unary = `rpc(http(wsgi(rpc(served ${id}))))`;
      const stream = `rpc(http(wsgi(rpc(one ${id} two ${id}))))`;
      assert.equal(shape, `wsgi(${unary} ${stream} answer ${id})`);
    }
  });
}

test('a point says which method was called and how it ended, at both ends', async (t) => {
  const signed = { good: signedHeaders(), none: signedHeaders(), left: signedHeaders() };
  const { events, code, stderr } = await run(t, writeService(t, 'mjs'), {
    env: on,
    async onReady(line) {
      const base = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
      const ask = async (path: string, headers = {}): Promise<string> =>
        (await fetch(`${base}/${path}`, { headers })).text();
      await ask('good', signed.good.headers);
      await ask('none', signed.none.headers);
      assert.equal(await ask('left', signed.left.headers), 'left,left');
      await ask('end');
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const told = ({ base_id }: { base_id: string }): unknown => {
    const all = (points: ReturnType<typeof treeOf>): unknown[] =>
      points.flatMap(({ name, start, stop, children }) => {
        const { host: _host, ...info } = stop?.info ?? {};
        return [...(name === 'rpc' ? [[start.info['rpc'], info]] : []), ...all(children)];
      });
    return all(treeOf(events, base_id));
  };
  const client = { kind: 'client', system: 'connect', service: 'shop.Orders' };
  const server = { ...client, kind: 'server' };
  assert.deepEqual(told(signed.good), [
    [{ ...client, method: 'Get' }, {}],
    [{ ...server, method: 'Get' }, {}],
    [{ ...client, method: 'List' }, {}],
    [{ ...server, method: 'List' }, {}],
  ]);
  const failure = { etype: 'not_found', message: 'there is none', rpc: { status: 'not_found' } };
  assert.deepEqual(told(signed.none), [
    [{ ...client, method: 'Get' }, failure],
    [{ ...server, method: 'Get' }, failure],
  ]);
  const [, , [, left]] = told(signed.left) as [unknown, unknown, [unknown, unknown]];
  assert.deepEqual(left, { cancelled: true });
});
