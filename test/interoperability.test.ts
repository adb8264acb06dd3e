// Services under ostrace and under Debian's OSProfiler share traces and stores.
// needs: agent osprofiler postgresql mariadb redis
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { newId } from '../src/trace/ids.js';
import { mysql, postgresql } from './fixtures/databases.js';
import { open } from './fixtures/drivers.js';
import { orderless, ostrace, services } from './fixtures/interoperation.js';
import { osprofiler, signedByPython, startPeer } from './fixtures/osprofiler.js';
import { startRedis } from './fixtures/redis-server.js';
import { isLasting, run, scenario, signedHeaders, treeOf } from './scenario.js';
import { freePort } from './services/scratch.js';

interface Store {
  readonly ours: string;
  readonly theirs: string;
}

const stores: Readonly<Record<string, (t: TestContext) => Promise<Store>>> = {
  async redis(t) {
    const url = `redis://127.0.0.1:${(await startRedis(t, [])).port}/1`;
    return { ours: url, theirs: url };
  },
  async postgresql(t) {
    const { url } = await postgresql.create(t);
    return { ours: url, theirs: url };
  },
  async mysql(t) {
    const { url } = await mysql.create(t);
    return { ours: url, theirs: url.replace('mysql:', 'mysql+pymysql:') };
  },
};

/** The ids in the table that OSProfiler prints. */
async function idsListed(store: string, ...flags: readonly string[]): Promise<string[]> {
  const printed = await osprofiler('trace', 'list', '--connection-string', store, ...flags);
  return [...printed.matchAll(/^\| ([\da-f-]{36}) /gm)].map(([, id]) => id!).toSorted();
}

async function idsListedByUs(store: string, ...flags: readonly string[]): Promise<string[]> {
  const traces = JSON.parse(await ostrace(store, 'trace', 'list', '--json', ...flags)) as {
    base_id: string;
  }[];
  return traces.map(({ base_id }) => base_id).toSorted();
}

const inPython = 'rpc@python(task@python(rpc@python(rpc@python))) db@python db@python';
const throughAll = `wsgi@node(http@node(wsgi@python(${inPython} http@python(wsgi@node))))`;

for (const [name, create] of Object.entries(stores)) {
  test(
    `${name}: Node, Python and Node are one tree, which both show alike`,
    { timeout: 120_000 },
    async (t) => {
      const { ours, theirs } = await create(t);
      const traces: { base_id: string; tree: string }[] = [];
      const failed: string[] = [];
      const env = {
        OSTRACE_ENABLED: 'true',
        // In the middle of a rotation: each side has a key that the other one does not know any more, or yet.
        OSTRACE_HMAC_KEYS: 'new,shared,other',
        OSTRACE_CONNECTION_STRING: ours,
        OSTRACE_SERVICE: 'node',
        OSTRACE_FILTER_ERROR_TRACE: 'true',
      };
      const { code, stderr } = await run(t, scenario('forwarding.cjs'), {
        env,
        async onReady(port, child) {
          const node = `http://127.0.0.1:${port}`;
          const closed = await freePort();
          const python = await startPeer(
            t,
            {
              'connection-string': theirs,
              'hmac-keys': 'old,other,shared',
              upstream: `${node}/leaf`,
              service: 'python',
              'host-name': 'python-host',
            },
            '--filter-error-trace',
          );
          const ask = async (
            url: string,
            signed: { base_id: string; headers: Record<string, string> },
            tree: string,
          ) => {
            await (await fetch(url, { headers: signed.headers })).text();
            traces.push({ base_id: signed.base_id, tree });
            return signed.base_id;
          };
          const through = `${node}/?to=${encodeURIComponent(`${python}/all`)}`;
          await ask(through, signedHeaders('shared'), throughAll);
          await ask(through, await signedByPython('other'), throughAll);
          // Keys that only one of the two has: what the other one does is no part of the trace.
          await ask(through, signedHeaders('new'), 'wsgi@node(http@node)');
          await ask(`${python}/all`, await signedByPython('old'), `wsgi@python(${inPython} http@python)`);
          // Begins in Python.
          await ask(
            `${python}/all`,
            signedHeaders('shared'),
            `wsgi@python(${inPython} http@python(wsgi@node))`,
          );
          failed.push(
            await ask(
              `${node}/?to=${encodeURIComponent(`${python}/fail`)}`,
              signedHeaders('shared'),
              'wsgi@node(http@node(wsgi@python(db@python)))',
            ),
            await ask(
              `${node}/?to=http://127.0.0.1:${closed}/`,
              signedHeaders('shared'),
              'wsgi@node(http@node)',
            ),
          );
          child.kill('SIGTERM');
        },
      });
      assert.equal(stderr, '');
      assert.equal(code, 0);

      const driver = open(ours);
      t.after(() => driver.close());
      for (const { base_id, tree } of traces) {
        const stored = await driver.read(base_id);
        assert.equal(stored!.skipped, 0);
        const events = stored!.events
          .filter(isLasting)
          .toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
        assert.equal(services(treeOf(events)), tree);
        const shown = await osprofiler('trace', 'show', '--json', base_id, '--connection-string', theirs);
        const shownByUs = await ostrace(ours, 'trace', 'show', '--json', '--no-findings', base_id);
        // OSProfiler takes a database's rows as they come, which is in no certain order.
        if (name === 'redis') assert.equal(shownByUs, shown);
        else assert.deepEqual(orderless(shownByUs), orderless(shown));
      }
      const ids = traces.map(({ base_id }) => base_id).toSorted();
      assert.deepEqual(await idsListed(theirs), ids);
      assert.deepEqual(await idsListedByUs(ours), ids);
      if (name !== 'redis') return;
      // The nested call in Python that fails, and is handled, counts too.
      const withErrors = await idsListed(theirs, '--error-trace', 'true');
      for (const base_id of failed) assert.ok(withErrors.includes(base_id));
      assert.deepEqual(await idsListedByUs(ours, '--error-trace'), withErrors);
    },
  );
}

test('who asks for a trace that is nowhere is told so by both', async (t) => {
  const { ours, theirs } = await stores['postgresql']!(t);
  const base_id = newId();
  await assert.rejects(osprofiler('trace', 'show', '--json', base_id, '--connection-string', theirs));
  await assert.rejects(ostrace(ours, 'trace', 'show', '--json', base_id), /there is no trace/);
});
