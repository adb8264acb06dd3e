// Requests of undici over HTTP/2 pass its hook and that of `http2`: each is one point all the same.
// needs: agent packages
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openHosts } from './fixtures/hosts.js';
import { on, run, scenario, shape, signedHeaders, treeOf } from './scenario.js';
import { installed, isForThisNode } from './versions/installed.js';
import { undiciRows } from './versions/matrix.js';

// The first version that speaks it is 5.23.
const versions = undiciRows
  .map(({ packages }) => packages['undici']!)
  .filter((version) => version !== '5.0.0');

for (const version of [undefined, ...versions]) {
  const name = version === undefined ? "Node's own fetch" : `undici ${version}`;
  test(`${name}: a request over HTTP/2 is one point, is signed once for it, and says how it was answered`, async (t) => {
    const modules = version === undefined ? undefined : installed(`undici@${version}`);
    if (modules !== undefined && !isForThisNode(modules, 'undici')) {
      t.skip(`undici ${version} says that it is not for Node ${process.versions.node}`);
      return;
    }
    const { ports, take, certificate } = await openHosts(t);
    const ways = ['fetch', 'request', 'post'];
    const asked = new Map<string, string | undefined>();
    const { events, stderr } = await run(t, scenario('undici-http2.cjs'), {
      args: [`https://localhost:${ports.http2s}`, ...(modules === undefined ? [] : [modules])],
      nodeArgs: ['--no-warnings'],
      env: { ...on, NODE_EXTRA_CA_CERTS: certificate },
      onReady: async (port) => {
        const ask = async (path: string, isSigned: boolean): Promise<void> => {
          const { base_id, headers } = signedHeaders();
          asked.set(path, isSigned ? base_id : undefined);
          const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: isSigned ? headers : {} });
          assert.equal(await answer.text(), 'answer', path);
        };
        // The first opens the session: what is asked by it then stands in no way below that one.
        for (const way of ways) await ask(`/${way}/alone`, true);
        await Promise.all(
          Array.from({ length: 30 }, (_, i) => ask(`/${ways[i % 3]}/${i}`, Math.floor(i / 3) % 2 === 0)),
        );
        await fetch(`http://127.0.0.1:${port}/end`).catch(() => {});
      },
    });
    assert.equal(stderr, '');
    const reads = take();
    assert.equal(reads.length, 33);
    const [major = 0] = process.versions.node.split('.').map(Number);
    const isHttp2 = version !== undefined || major >= 26;
    assert.equal(
      reads.every(({ names }) => names.includes(':path')),
      isHttp2,
    );
    for (const { url, names, parent_id } of reads) {
      const base_id = asked.get(url);
      const told = names.filter((each) => each.toLowerCase() === 'x-trace-info').length;
      assert.equal(told, base_id === undefined ? 0 : 1, url);
      if (base_id === undefined) continue;
      const [wsgi, ...others] = treeOf(events, base_id);
      assert.deepEqual([shape([wsgi!]), others], ['wsgi(https)', []], url);
      const [https] = wsgi!.children;
      assert.equal(https!.start.trace_id, parent_id, url);
      assert.deepEqual(https!.stop!.info['requests'], { status_code: 200, signed: true }, url);
    }
    assert.equal(new Set(events.map(({ base_id }) => base_id)).size, 18);
  });
}
