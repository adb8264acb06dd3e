// Who gets signed headers: one table for the function that decides, and for every client.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { destinations } from '../src/propagation/destinations.js';
import { mayCarry } from '../src/propagation/recipients.js';
import { openHosts } from './fixtures/hosts.js';
import { key, on, run, scenario } from './scenario.js';

/** Separated by blanks. */
const hosts: Readonly<Record<string, readonly string[]>> = {
  local: [
    'localhost LOCALHOST localhost. a.localhost db DB my_service-2',
    '127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1',
    '::1 [::1] 0:0:0:0:0:0:0:1 fd12:3456::1 FD12:3456::1 [fd12:3456::1] fd12::1%eth0',
  ],
  'a metadata service': [
    '169.254.169.254 169.254.170.2 169.254.42.42 100.100.100.200 192.0.0.192 168.63.129.16',
    'fd00:ec2::254 FD00:EC2::254 [fd00:ec2::254] fd00:ec2:0:0:0:0:0:254 fd00:0ec2::fe',
    'fd00:ec2::254%eth0 [fd00:ec2::254%25eth0] fd00:ec2::169.254.169.254 fd00:ec2::23',
    'fd20:ce::254 fd00:c1::a9fe:a9fe fd00:42::42 fe80::a9fe:a9fe fe80::a9fe:a9fe%eth0',
    'metadata Metadata metadata. instance-data metadata.google.internal rancher-metadata',
    '2852039166 0xa9fea9fe 0xA9FEA9FE 025177524776 0251.0376.0251.0376 0xa9.254.169.254',
    '169.254.43518 169.254.169.254. ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::169.254.169.254',
    '[::FFFF:169.254.169.254] 64:ff9b::a9fe:a9fe 169。254。169。254',
  ],
  'another host': [
    'api.third-party.example 8.8.8.8 2001:db8::1 172.32.0.1 11.0.0.1 db. ai.',
    '0.0.0.0 0 :: 127.1 0177.0.0.1 0x7f000001 2130706433 0x 127.0.0.1. 010.0.0.1',
    '::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 fe80::1 fc:00::1 fc00::1 [fcff::1]',
    'evil。com evil．com evil｡com x%2ecom ｌocalhost ٨ a/b a# a? a@b a:b',
    'evil.example/.localhost evil。example.localhost x@y.localhost .localhost [ [] [a]b',
  ],
};

test('a host is local only where nobody else could be meant, and no metadata service', () => {
  const isLocal = destinations(['local']);
  for (const name of ['', ' ', 'a b', 'localhost ', '127.0.0.1\t']) assert.equal(isLocal(name), false, name);
  for (const [kind, names] of Object.entries(hosts)) {
    for (const name of names.join(' ').split(' ')) {
      assert.equal(isLocal(name), kind === 'local', `${kind}: ${name}`);
    }
  }
});

test('hosts that are named are known in each spelling, and others are not taken for them', () => {
  const is = destinations(['API.example.org', '*.svc.example.', 'fd00:EC2::254', '10.1.2.3']);
  const allowed = [
    'api.example.org api.example.org. Api.Example.Org a.svc.example a.b.SVC.example.',
    '[fd00:ec2:0::254] 10.1.2.3',
  ];
  for (const host of allowed.join(' ').split(' ')) assert.equal(is(host), true, host);
  const refused = [
    'example.org xapi.example.org svc.example evil.example/.svc.example e.example#.svc.example',
    'e.example:80.svc.example e.example\\.svc.example u@e.example?.svc.example localhost *',
  ];
  assert.equal(is(''), false);
  for (const host of refused.join(' ').split(' ')) assert.equal(is(host), false, host);
  assert.equal(destinations(['*'])('anything at all'), true);
});

/** A request; it is signed where all that can read it are allowed, which is `localhost` alone. */
interface Row {
  readonly what: string;
  readonly host: string;
  /** The host that its header names, where that is another one. */
  readonly authority?: string;
  /** The host in its path, as a forward proxy is asked. */
  readonly absolute?: string;
  /** Whom the socket is connected to, where that is another one. */
  readonly peer?: string;
  readonly isTls?: boolean;
  /** How it comes that Node does not see to it that TLS is with the host. */
  readonly unchecked?: 'not rejected' | 'by the application';
  readonly method?: string;
  readonly isSigned: boolean;
}

const [own, foreign, third] = ['localhost', '127.0.0.1', 'api.third-party.example'];

const rows: readonly Row[] = [
  { what: 'to an allowed host', host: own, isSigned: true },
  { what: 'to another host', host: foreign, isSigned: false },
  { what: 'by TLS to an allowed host', host: own, isTls: true, isSigned: true },
  { what: 'by TLS to another host', host: foreign, isTls: true, isSigned: false },
  { what: 'for another host than it goes to', host: own, authority: third, isSigned: false },
  {
    what: 'for another host than TLS is for',
    host: own,
    peer: own,
    authority: third,
    isTls: true,
    isSigned: false,
  },
  { what: 'for an allowed host, to another', host: foreign, authority: own, isSigned: false },
  { what: 'for itself with a port', host: own, authority: `${own}:81`, isSigned: true },
  { what: 'by a proxy that may read it', host: own, absolute: own, isSigned: true },
  { what: 'by a proxy that may read it, for another host', host: own, absolute: third, isSigned: false },
  { what: 'by a proxy that may not', host: foreign, absolute: own, isSigned: false },
  { what: 'by a proxy that an agent knows', host: own, absolute: own, peer: foreign, isSigned: false },
  { what: 'in a tunnel, which its proxy can read', host: own, peer: foreign, isSigned: false },
  { what: 'in a tunnel of a proxy that may read it', host: own, peer: own, isSigned: true },
  { what: 'by TLS in a tunnel', host: own, peer: foreign, isTls: true, isSigned: true },
  {
    what: 'by TLS in a tunnel, with whomever',
    host: own,
    peer: foreign,
    isTls: true,
    unchecked: 'not rejected',
    isSigned: false,
  },
  {
    what: 'by TLS in a tunnel, with whom the application takes',
    host: own,
    peer: foreign,
    isTls: true,
    unchecked: 'by the application',
    isSigned: false,
  },
  { what: 'by TLS in a tunnel to another host', host: foreign, peer: own, isTls: true, isSigned: false },
  { what: 'CONNECT', host: own, method: 'CONNECT', isSigned: false },
];

test('a request is signed only where all who can read it are allowed', () => {
  const carriesTo = destinations([own]);
  const is = (row: Partial<Parameters<typeof mayCarry>[1]>): boolean =>
    mayCarry({ carriesTo }, { method: 'GET', path: '/', host: own, authorities: [], peer: own, ...row });
  for (const {
    what,
    isSigned,
    host,
    peer = host,
    authority = `${host}:1`,
    absolute,
    isTls,
    unchecked,
    method,
  } of rows) {
    const path = absolute === undefined ? '/' : `http://${absolute}/`;
    const secureFor = isTls === true && unchecked === undefined ? host : undefined;
    const way = { host, peer, authorities: [authority], path, secureFor, ...(method && { method }) };
    assert.equal(is(way), isSigned, what);
  }
  assert.equal(is({ peer: undefined }), false, 'a peer that nobody knows');
  assert.equal(is({ peer: undefined, secureFor: own }), true, 'the same, by TLS');
  assert.equal(is({ peer: foreign, secureFor: 'LOCALHOST' }), true);
  assert.equal(is({ peer: foreign, secureFor: foreign }), false, 'TLS with the proxy alone');
  assert.equal(is({ authorities: [own, third] }), false, 'two hosts');
  assert.equal(is({ authorities: [`${own}@${third}`] }), false, 'a user at another host');
  assert.equal(is({ authorities: [`${third}/@${own}`] }), false, 'a host that ends before the user');
  assert.equal(is({ authorities: [undefined] }), false, 'a host that is no text');
  assert.equal(is({ path: 'HTTP://u:p@api.third-party.example' }), false);
  assert.equal(is({ path: 'http://[' }), false);
  assert.equal(is({ path: `${own}:${third}` }), false, 'a scheme of nobody');
});

test('every client is held to the same table', async (t) => {
  const { ports, take, certificate } = await openHosts(t);
  const { stderr, code } = await run(t, scenario('destinations.cjs'), {
    args: [JSON.stringify({ rows, ports })],
    // Before Node 22.12 `http2` names an address as the server's name.
    nodeArgs: ['--no-deprecation'],
    env: {
      ...on,
      OSTRACE_PROFILE: key,
      OSTRACE_PROPAGATE_TO: own,
      NODE_EXTRA_CA_CERTS: certificate,
    },
  });
  assert.deepEqual([stderr, code], ['', 0]);
  const asked = take().filter(({ headers }) => headers['x-row'] !== undefined);
  const clients = new Set(asked.map(({ headers }) => headers['x-client']));
  assert.equal(clients.size, 6);
  for (const { headers, names, parent_id } of asked) {
    const { what, isSigned } = rows[Number(headers['x-row'])]!;
    const ours = names.filter((name) => /^x-trace-/i.test(name)).length;
    assert.deepEqual(
      [parent_id !== undefined, ours],
      [isSigned, isSigned ? 3 : 0],
      `${String(headers['x-client'])}: ${what}`,
    );
  }
  const plain = rows.filter(({ absolute, method }) => absolute === undefined && method === undefined);
  const ownHost = plain.filter(({ authority }) => authority === undefined);
  // The servers take no CONNECT; the others are asked by all clients that can.
  assert.equal(asked.length, 4 * (rows.length - 1) + plain.length + ownHost.length);
});
