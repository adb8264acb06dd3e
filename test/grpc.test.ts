// gRPC by @grpc/grpc-js: each kind of call is one point on either side, the server's below the client's, in every
// supported version; and what one call of a shared channel does is never in another one's trace.
// needs: agent packages
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { on, run, scenario, scratch, shape, signedHeaders, treeOf } from './scenario.js';
import { makeCertificate } from './fixtures/certificate.js';
import { writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { grpcStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { grpcRows } from './versions/matrix.js';
import { tracedAsBare } from './versions/styles.js';

// `start` of a server is needed before 1.10 and deprecated since; old packages use what Node has deprecated.
const quiet = { NODE_NO_WARNINGS: '1' };

for (const { packages, because, differs } of grpcRows) {
  const version = packages['@grpc/grpc-js']!;
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`@grpc/grpc-js ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
      const app = writeApp(t, installed(`@grpc/grpc-js@${version}`), kind, 'grpc.cjs', {
        grpc: '@grpc/grpc-js',
      });
      const root = await tracedAsBare(t, app, on, { env: quiet });
      const seen = Object.fromEntries(
        root.children.map(({ name, children }) => [name, describedCalls(children)]),
      );
      assert.match(seen['deadline']!, /\(server(?:~|!DEADLINE_EXCEEDED)\(/);
      seen['deadline'] = seen['deadline']!.replace(/(?<=server)[^(]*/, '…');
      // The call is made anew after the first answer: whose point starts first at the server is chance.
      seen['intercepted'] = seen['intercepted']!.replace(
        /^(client!INVALID_ARGUMENT\()(server!INVALID_ARGUMENT\(served\)) (client.*)(?=\) callback$)/,
        '$1$3 $2',
      );
      assert.deepEqual(seen, { ...grpcStyles, ...differs });
    });
  }
}

const kinds = ['Unary', 'Collect', 'List', 'Chat'];

test('of hundreds of calls at once over one channel, traced and untraced, each is in its own trace or in none', async (t) => {
  const asked = new Map<string, { readonly base_id: string; readonly isSigned: boolean; text?: string }>();
  const { events, code, stderr } = await run(t, scenario('grpc/relay.cjs'), {
    env: on,
    onReady: async (line) => {
      const { port } = JSON.parse(line) as { port: number };
      const ask = async (id: string): Promise<void> => {
        const { base_id, headers } = signedHeaders();
        const isSigned = asked.size % 3 !== 1;
        const entry: { base_id: string; isSigned: boolean; text?: string } = { base_id, isSigned };
        asked.set(id, entry);
        const kind = kinds[asked.size % kinds.length]!;
        entry.text = await fetchText(port, `/${kind}/${id}`, isSigned ? headers : {});
      };
      // The first ones come while the channel connects.
      await Promise.all(Array.from({ length: 40 }, (_, i) => ask(`a${i}`)));
      await Promise.all(Array.from({ length: 400 }, (_, i) => ask(`b${i}`)));
      await fetchText(port, '/end', {});
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  for (const [id, { base_id, isSigned, text }] of asked) {
    assert.equal(text, id);
    const wanted = isSigned ? `wsgi(rpc(rpc(served ${id})) answered ${id})` : '';
    assert.equal(shape(treeOf(events, base_id)), wanted);
  }
  const known = new Set([...asked.values()].flatMap(({ base_id, isSigned }) => (isSigned ? base_id : [])));
  assert.deepEqual(
    events.filter(({ base_id }) => !known.has(base_id)),
    [],
  );
  assert.deepEqual(
    events.filter(({ name }) => name.startsWith('left_out')),
    [],
  );
});

test('what a server in another process does stands below the call, and says what was called', async (t) => {
  const [inner, outer] = await twoProcesses(t, {}, '127.0.0.1');
  const [root] = treeOf([...inner, ...outer]);
  assert.equal(shape([root!]), 'wsgi(rpc(rpc(served 1)) answered 1)');
  const [client] = root!.children;
  const [server] = client!.children;
  const said = { system: 'grpc', service: 'test.Echo', method: 'Unary' };
  assert.deepEqual(client!.start.info['rpc'], { kind: 'client', ...said });
  assert.deepEqual(client!.stop!.info['rpc'], { status: 'OK', signed: true });
  assert.deepEqual(server!.start.info['rpc'], { kind: 'server', ...said });
  assert.deepEqual(server!.stop!.info['rpc'], { status: 'OK' });
});

for (const [why, env, host] of [
  ['its host may not have signed headers', { OSTRACE_PROPAGATE_TO: 'example.org' }, '127.0.0.1'],
  ['its name leads to an address that may not', { OSTRACE_PROPAGATE_TO: 'localhost' }, 'localhost'],
] as const) {
  test(`a server is not told of the trace where ${why}`, async (t) => {
    const [inner, outer] = await twoProcesses(t, env, host);
    assert.deepEqual(inner, []);
    const [root] = treeOf(outer);
    assert.equal(shape([root!]), 'wsgi(rpc answered 1)');
    assert.deepEqual(root!.children[0]!.stop!.info['rpc'], { status: 'OK' });
  });
}

test('a server is told of the trace over TLS for a name that may have it, whatever the address', async (t) => {
  const { cert: CERT, key: KEY } = makeCertificate(scratch(t));
  const env = { OSTRACE_PROPAGATE_TO: 'localhost', CERT, KEY };
  const [inner, outer] = await twoProcesses(t, env, 'localhost');
  assert.equal(shape(treeOf([...inner, ...outer])), 'wsgi(rpc(rpc(served 1)) answered 1)');
});

test('switched off, its calls are recorded as HTTP', async (t) => {
  const [inner, outer] = await twoProcesses(t, { OSTRACE_INSTRUMENT_GRPC: 'false' }, '127.0.0.1');
  assert.equal(shape(treeOf([...inner, ...outer])), 'wsgi(http(wsgi(served 1)) answered 1)');
});

test('without HTTP being recorded, calls are traced all the same', async (t) => {
  const env = { OSTRACE_INSTRUMENT_HTTP_CLIENT: 'false' };
  const [inner, outer] = await twoProcesses(t, env, '127.0.0.1');
  assert.equal(shape(treeOf([...inner, ...outer])), 'wsgi(rpc(rpc(served 1)) answered 1)');
});

/** A request to a web server that asks a gRPC server; gives the events of both, the inner one first. */
async function twoProcesses(
  t: import('node:test').TestContext,
  env: Readonly<Record<string, string>>,
  host: string,
): Promise<readonly [readonly Event[], readonly Event[]]> {
  let outer: readonly Event[] = [];
  const inner = await run(t, scenario('grpc/server.cjs'), {
    env: { ...on, ...env },
    onReady: async (line, child) => {
      const { port } = JSON.parse(line) as { port: number };
      const relay = await run(t, scenario('grpc/relay.cjs'), {
        env: { ...on, ...env, TARGET: `${host}:${port}` },
        onReady: async (ready) => {
          const address = JSON.parse(ready) as { port: number };
          assert.equal(await fetchText(address.port, '/Unary/1', signedHeaders().headers), '1');
          await fetchText(address.port, '/end', {});
        },
      });
      assert.deepEqual([relay.code, relay.stderr], [0, '']);
      outer = relay.events;
      child.kill('SIGTERM');
    },
  });
  assert.deepEqual([inner.code, inner.stderr], [0, '']);
  return [inner.events, outer];
}

function fetchText(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}
