import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { sign, signIds, unpack, verify } from '../src/trace/signing.js';
import { projectFolder } from './scenario.js';

interface Signing {
  signed_pack: {
    key: string | null;
    payload: Record<string, string>;
    payload_key_order: string[];
    'X-Trace-Info': string;
    'X-Trace-HMAC': string | null;
  }[];
  get_trace_id_headers: {
    init: { hmac_key: string; base_id: string; parent_id: string | null };
    point_id: string;
    inside_first_point: Record<string, string>;
  }[];
}
interface Unpack {
  cases: {
    name: string;
    'X-Trace-Info': string | null;
    'X-Trace-HMAC': string | null;
    hmac_keys: string[];
    signed_unpack: { result?: Record<string, unknown> | null; raises?: string };
  }[];
}

const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(join(projectFolder, 'test/golden', name), 'utf8')) as T;

test('signs as OSProfiler does, byte for byte', () => {
  // Without a key Python signs nothing; ours can't be asked to.
  const cases = golden<Signing>('signing.json').signed_pack.filter((each) => each['X-Trace-HMAC'] !== null);
  assert.equal(cases.length, 66);
  for (const each of cases) {
    const payload = Object.fromEntries(each.payload_key_order.map((name) => [name, each.payload[name]!]));
    const signed = sign(payload, each.key!);
    assert.deepEqual(
      signed,
      { info: each['X-Trace-Info'], hmac: each['X-Trace-HMAC'] },
      JSON.stringify(each),
    );
  }
});

test('signs the ids of a context as `get_trace_id_headers` does', () => {
  for (const { init, point_id, inside_first_point } of golden<Signing>('signing.json').get_trace_id_headers) {
    const { info, hmac } = signIds(init.base_id, point_id, init.hmac_key);
    assert.deepEqual({ 'X-Trace-Info': info, 'X-Trace-HMAC': hmac }, inside_first_point);
  }
});

const { cases } = golden<Unpack>('unpack.json');

// Python's reader takes NaN for JSON; nothing that signs writes it.
const refusedByJson = new Set(['JSON with NaN']);

for (const each of cases) {
  test(`unpacks as OSProfiler does: ${each.name}`, () => {
    const unpacked = unpack(each['X-Trace-Info'], each['X-Trace-HMAC'], each.hmac_keys);
    const expected = refusedByJson.has(each.name) ? null : (each.signed_unpack.result ?? null);
    assert.deepEqual(unpacked ?? null, expected);
  });
}

test('traces only what names its trace by UUIDs and holds nothing else', () => {
  const traced = cases
    .filter((each) => verify(each['X-Trace-Info'], each['X-Trace-HMAC'], each.hmac_keys) !== undefined)
    .map(({ name }) => name);
  assert.deepEqual(traced, [
    'valid',
    'valid, second of two keys',
    'valid, first of two keys',
    'empty key among keys',
    'hmac with blanks around',
    'compact JSON, as JSON.stringify writes it',
    'JSON with other key order',
    'no parent_id',
    'hmac_key inside the payload',
    'base64 with one = too many',
    'base64 with a blank inside',
    'base64 with characters outside the alphabet',
  ]);
});

test('names the key that verified a header, so that a rotation goes on with the sender’s key', () => {
  const id = '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4';
  const { info, hmac } = signIds(id, id, 'new');
  assert.deepEqual(verify(info, hmac, ['old', 'new']), { base_id: id, parent_id: id, hmac_key: 'new' });
  assert.equal(verify(info, hmac, ['old']), undefined);
});

test('refuses hostile headers of any type and size without throwing', () => {
  const deep = '['.repeat(50_000);
  const hostile: unknown[] = [
    'x'.repeat(1 << 20),
    ['a', 'b'],
    1,
    null,
    {},
    Symbol('s'),
    deep,
    '\0',
    '\ud800',
  ];
  for (const info of hostile) {
    for (const hmac of [...hostile, 'a'.repeat(40), 'é'.repeat(40)]) {
      assert.equal(verify(info, hmac, ['key']), undefined);
    }
  }
  const long = sign({ base_id: 'x'.repeat(2000) }, 'key');
  assert.equal(verify(long.info, long.hmac, ['key']), undefined);
  const proto = sign({ base_id: '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4', __proto__: 'x' }, 'key');
  assert.equal(verify(proto.info, proto.hmac, ['key'])?.hmac_key, 'key');
});

test('a forged header costs each key the same, however many there are', (t) => {
  const { info } = sign({ base_id: 'x' }, 'nobody');
  // A key that is longer than a block is hashed first: what is made for a key can be counted by that hash.
  const made = t.mock.method(crypto, 'createHash').mock;
  for (const count of [1, 15, 16, 17, 33, 1000]) {
    const keys = Array.from({ length: count }, (_, i) => `${count}-${i}-`.padEnd(80, 'k'));
    const forge = (): unknown => verify(info, 'a'.repeat(40), keys);
    forge();
    const first = made.callCount();
    for (let i = 0; i < 5; i++) assert.equal(forge(), undefined);
    assert.equal(made.callCount() - first, 0, `${count} keys`);
    // Keys of the API's come between, any number of them.
    for (let i = 0; i < 50; i++) sign({ base_id: 'x' }, `${count} ${i}`.padEnd(80, 'a'));
    forge();
    assert.ok(made.callCount() - first <= 50 + count);
  }
});

test('a key signs the same, whichever was used before', () => {
  const keys = Array.from({ length: 100 }, (_, i) => 'k'.repeat(i + 1));
  const signatures = keys.map((key) => sign({ base_id: 'x' }, key));
  for (const [i, key] of keys.entries()) {
    const { info, hmac } = signatures[i]!;
    assert.equal(hmac, crypto.createHmac('sha1', key).update(info).digest('hex'), key);
    assert.deepEqual(sign({ base_id: 'x' }, key), signatures[i]);
  }
});
