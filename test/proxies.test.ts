// Forward proxies of packages and of Node: what they can read is not signed unless they may have it, and what is
// encrypted through them is.
// needs: agent packages
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { test } from 'node:test';

import { isDirect as isNodesOwn } from '../src/hooks/targets/peer.js';
import { isWithin } from '../src/hooks/loading/version-range.js';
import { type Read, openHosts } from './fixtures/hosts.js';
import { key, on, run, scenario } from './scenario.js';
import { installed, isForThisNode } from './versions/installed.js';
import { undiciRows } from './versions/matrix.js';

const agents = [
  ['http-proxy-agent@7.0.2', 'https-proxy-agent@7.0.6', 'hpagent@1.2.0', 'tunnel@0.0.6'],
  ['http-proxy-agent@4.0.1', 'https-proxy-agent@5.0.1'],
];
const undicis = undiciRows.map(({ packages }) => [`undici@${packages['undici']!}`]);

for (const packages of [...agents, ...undicis]) {
  test(`${packages.join(', ')}: a forward proxy reads no signed header, and hides none that is encrypted`, async (t) => {
    const modules = installed(...packages);
    const isUndici = packages[0]!.startsWith('undici@');
    if (isUndici && !isForThisNode(modules, 'undici')) {
      t.skip(`${packages[0]} says that it is not for Node ${process.versions.node}`);
      return;
    }
    const { ports, take, certificate } = await openHosts(t);
    const names = packages.map((each) => each.slice(0, each.lastIndexOf('@')));
    const ask = async (to: string): Promise<readonly Read[]> => {
      const { stdout, stderr, code } = await run(t, scenario('proxied.cjs'), {
        args: [modules, JSON.stringify({ ports }), ...names, 'node'],
        nodeArgs: ['--no-warnings'],
        env: { ...on, OSTRACE_PROFILE: key, OSTRACE_PROPAGATE_TO: to, NODE_EXTRA_CA_CERTS: certificate },
      });
      assert.deepEqual([stdout, stderr, code], ['', '', 0]);
      return take();
    };
    const isSigned = ({ parent_id }: Read): boolean => parent_id !== undefined;
    const isSecure = ({ url }: Read): boolean => url.includes('/https/');
    const reads = await ask('localhost');
    const through = reads.filter(({ by }) => by !== 'target');
    assert.deepEqual(through.filter(isSigned), [], 'what the proxy read');
    const plain = through.filter(({ url }) => url.includes('/http/'));
    assert.ok(plain.length >= 2, 'the proxy read nothing');
    const arrived = reads.filter(({ by }) => by === 'target');
    const secure = arrived.filter(isSecure);
    assert.ok(secure.length >= 2);
    // Undici 5.0.0 sends a `fetch` past the dispatcher that it is given.
    const isDirect = ({ url }: Read): boolean => !plain.some((each) => each.url.endsWith(url));
    assert.deepEqual(
      secure.filter((read) => !isSigned(read)),
      [],
      'what went through it encrypted',
    );
    assert.deepEqual(
      arrived.filter((read) => !isSecure(read) && isSigned(read) && !isDirect(read)).map(({ url }) => url),
      [],
    );
    // The proxy may have them: then it gets them for what is asked by it, and never with a CONNECT.
    const allowed = (await ask('localhost, 127.0.0.1')).filter(({ by }) => by !== 'target');
    for (const read of allowed) {
      assert.equal(isSigned(read), read.url.includes('/'), read.url);
    }
    assert.ok(allowed.some(isSigned));
  });
}

test('NODE_USE_ENV_PROXY: what goes by the proxy in the clear is not signed', async (t) => {
  const { ports, take, certificate } = await openHosts(t);
  const code = `
    const http = require('node:http'), https = require('node:https');
    const done = (request) => new Promise((resolve) => request.on('response', (r) => r.resume()).on('close', resolve));
    (async () => {
      for (const url of process.argv.slice(1)) {
        await done((url.startsWith('https') ? https : http).get(url + 'get'));
        await (await fetch(url + 'fetch')).text();
      }
      process.exit();
    })();`;
  const urls = [`http://localhost:${ports.http}/`, `https://localhost:${ports.https}/`];
  const proxy = `http://127.0.0.1:${ports.proxy}`;
  await run(t, '-e', {
    args: [code, ...urls],
    env: {
      ...on,
      OSTRACE_PROFILE: key,
      OSTRACE_PROPAGATE_TO: 'localhost',
      NODE_EXTRA_CA_CERTS: certificate,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
    },
  });
  const reads = take();
  assert.deepEqual(
    reads.filter(({ by, parent_id }) => by !== 'target' && parent_id !== undefined),
    [],
  );
  const arrived = reads.filter(({ by }) => by === 'target');
  assert.equal(arrived.length, 4);
  const isProxied = reads.some(({ by }) => by !== 'target');
  // Since 22.21 and 24.5 Node looks at these variables.
  const { node } = process.versions;
  const looks = isWithin(node, ['22.21.0', '23.0.0']) || isWithin(node, ['24.5.0', '1000.0.0']);
  assert.equal(isProxied, looks);
  assert.deepEqual(
    arrived.map(({ parent_id }) => parent_id !== undefined),
    [!looks, !looks, true, true],
  );
});

test("a package that has all of Node's agents lead to a proxy: it reads no signed header", async (t) => {
  const { ports, take } = await openHosts(t);
  const { stdout, stderr, code } = await run(t, scenario('patched-agents.cjs'), {
    args: [JSON.stringify({ ports })],
    env: { ...on, OSTRACE_PROFILE: key, OSTRACE_PROPAGATE_TO: 'localhost' },
  });
  assert.deepEqual([stdout, stderr, code], ['', '', 0]);
  assert.deepEqual(
    take().map(({ url, parent_id }) => [url, parent_id !== undefined]),
    [
      ['/createConnection', false],
      ['/createSocket', false],
      ['/addRequest', false],
      ['/net', false],
      ['/wrapped', true],
      ['/unpatched', true],
    ],
  );
});

test("Node's own agents are known to be that, and others are not taken for them", () => {
  assert.deepEqual(
    [new http.Agent(), http.globalAgent].map((agent) => isNodesOwn(agent, 'http')),
    [true, true],
  );
  assert.deepEqual(
    [new https.Agent(), https.globalAgent].map((agent) => isNodesOwn(agent, 'https')),
    [true, true],
  );
  assert.equal(isNodesOwn(new (class extends http.Agent {})(), 'http'), false);
  const { prototype } = https.Agent;
  const { createConnection } = prototype;
  prototype.createConnection = function (...args) {
    return Reflect.apply(createConnection, this, args);
  };
  assert.equal(isNodesOwn(new https.Agent(), 'https'), false);
  prototype.createConnection = createConnection;
  assert.equal(isNodesOwn(new https.Agent(), 'https'), true);
});
