import assert from 'node:assert/strict';
import crypto, { type Hmac } from 'node:crypto';

import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  uuid,
} from 'fast-check';

import { verifyHeaders } from '../../src/trace/headers.js';
import { isUuid } from '../../src/trace/ids.js';
import { signIds, unpack, verify } from '../../src/trace/signing.js';
import { anyText, mutated, mutation, propertyNames } from './mutations.js';
import { target } from './target.js';

/** The two values as they come, and who is asked. */
export interface Headers {
  readonly info: unknown;
  readonly hmac: unknown;
  readonly keys: readonly string[];
}

/** As long as `unpack` allows. */
const longestInfo = 1024;

const keys = ['first key', 'zweiter Schlüssel', '😀'] as const;
const hmacOf = (info: string, key: string): string => createHmac('sha1', key).update(info).digest('hex');
// Taken now: the checks count the calls of the one in its place.
const { createHmac } = crypto;
const { parse } = JSON;

const id = oneof({ weight: 4, arbitrary: uuid() }, { weight: 1, arbitrary: mutated(uuid(), 1) });
const ids = record({ base_id: id, parent_id: id }).map((both) => JSON.stringify(both));

/** JSON that names a trace, or nearly. */
const payload: Arbitrary<string> = oneof(
  ids,
  ids,
  record({ base_id: uuid(), name: oneof(anyText, constantFrom(...propertyNames)), value: anyText }).map(
    ({ base_id, name, value }) =>
      `{"base_id": "${base_id}", ${JSON.stringify(name)}: ${JSON.stringify(value)}}`,
  ),
  constantFrom('{}', '[]', 'null', '7', '"x"', '{"base_id":{}}', '[['.repeat(80), `{"a":`.repeat(60)),
);

/**
 * Headers that are signed before they are changed, and headers that are changed before they are signed: the
 * first are what anyone may send, the second what only a key holder can.
 */
export const headers: Arbitrary<Headers> = record({
  json: mutated(payload),
  encoding: constantFrom<BufferEncoding[]>('base64', 'base64url', 'base64', 'latin1'),
  key: constantFrom(...keys, keys[0], 'another key'),
  change: mutation(),
  isResigned: boolean(),
  hmac: mutation(1),
  known: oneof(constantFrom([...keys]), array(constantFrom(...keys), { maxLength: 3 })),
}).map(({ json, encoding, key, change, isResigned, hmac, known }) => {
  const encoded = Buffer.from(json).toString(encoding);
  const info = change(encoded);
  return {
    info,
    hmac: hmac(hmacOf(isResigned ? info : encoded, key)),
    keys: known,
  };
});

const anything: Arbitrary<unknown> = oneof(
  anyText,
  anyText.map((text) => text.repeat(50)),
  constantFrom(undefined, null, 7, true, [], ['a', 'b'], {}, Symbol('s'), 1n, () => 'x'),
  constantFrom('x'.repeat(1 << 20), '='.repeat(1 << 16), '['.repeat(50_000)),
);

/** What was done for one header: the price of refusing it. */
interface Price {
  hmacs: number;
  /** Characters that went into the HMACs. */
  signed: number;
  /** Texts that were read as JSON. */
  parsed: number;
}

/** Counts what a call makes `node:crypto` and the JSON parser do. */
function priced<Result>(call: () => Result): { result: Result; price: Price } {
  const price: Price = { hmacs: 0, signed: 0, parsed: 0 };
  crypto.createHmac = (...args) => {
    price.hmacs++;
    const hmac = createHmac(...args);
    const { update } = hmac;
    hmac.update = function (this: Hmac, data: string) {
      price.signed += data.length;
      return Reflect.apply(update, this, [data, 'utf8']);
    };
    return hmac;
  };
  JSON.parse = (text) => {
    price.parsed++;
    return parse(text) as unknown;
  };
  try {
    return { result: call(), price };
  } finally {
    crypto.createHmac = createHmac;
    JSON.parse = parse;
  }
}

function check({ info, hmac, keys: known }: Headers): void {
  const signer =
    typeof info === 'string' && typeof hmac === 'string' && info.length <= longestInfo
      ? known.find((key) => hmacOf(info, key) === hmac.trim())
      : undefined;
  const { result, price } = priced(() => verify(info, hmac, known));
  assert.ok(price.hmacs <= known.length, `${price.hmacs} signatures for ${known.length} keys`);
  assert.ok(price.signed <= known.length * longestInfo, `${price.signed} characters were signed`);
  assert.ok(price.parsed <= (signer === undefined ? 0 : 1), 'something unsigned was read');
  if (typeof info !== 'string' || info.length > longestInfo) assert.equal(price.hmacs, 0);
  if (result !== undefined) {
    assert.equal(result.hmac_key, signer);
    assert.ok(isUuid(result.base_id) && isUuid(result.parent_id));
    assert.deepEqual(Object.keys(result).toSorted(), ['base_id', 'hmac_key', 'parent_id']);
  }
  const unpacked = unpack(info, hmac, known);
  assert.equal(unpacked?.hmac_key, unpacked && signer);
  if (unpacked !== undefined) assert.equal(Object.getPrototypeOf(unpacked), Object.prototype);
}

interface TimedHeaders extends Headers {
  readonly time: unknown;
  readonly secondsAgo: number;
}

const maxAgeSeconds = 100;

const signed: Arbitrary<Headers> = record({ base_id: uuid(), parent_id: uuid() }).map(
  ({ base_id, parent_id }) => ({
    ...signIds(base_id, parent_id, keys[1]),
    keys: [keys[1]],
  }),
);

/** Headers that say when they were signed: the right ones, and those of another time, key or info. */
const timed: Arbitrary<TimedHeaders> = record({
  headers: oneof(headers, signed),
  secondsAgo: integer({ min: -200, max: 200 }),
  key: constantFrom(...keys),
  of: oneof(constant(undefined), anyText),
  change: mutation(1),
}).map(({ headers: both, secondsAgo, key, of, change }) => {
  const seconds = Math.floor(Date.now() / 1000) - secondsAgo;
  const signer = both.keys[0] ?? key;
  const signature = hmacOf(`${seconds}.${of ?? String(both.info)}`, signer);
  return { ...both, secondsAgo, time: change(`${seconds}.${signature}`) };
});

function checkTimed({ info, hmac, time, keys: known, secondsAgo }: TimedHeaders): void {
  const given = { 'x-trace-info': info, 'x-trace-hmac': hmac, 'x-trace-time': time };
  const { result, price } = priced(() => verifyHeaders(given, known, maxAgeSeconds));
  assert.ok(price.hmacs <= known.length + 1, `${price.hmacs} signatures for ${known.length} keys`);
  if (result === undefined) return;
  assert.deepEqual(result, verify(info, hmac, known), 'the two are good by themselves');
  const [, seconds = '', signature] = /^(\d+)\.(\w+)$/.exec(String(time)) ?? [];
  assert.equal(signature, hmacOf(`${seconds}.${String(info)}`, result.hmac_key));
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(seconds));
  assert.ok(ageSeconds <= maxAgeSeconds + 1, `it is ${secondsAgo} s old`);
}

export const headerTargets = [
  target({
    name: 'trace headers with a time: none is taken that is old, or whose time another key or info signed',
    share: 60,
    input: timed,
    check: checkTimed,
  }),
  target({
    name: 'trace headers: what no key signed is neither read nor traced, at a bounded price',
    share: 400,
    input: headers,
    check,
  }),
  target({
    name: 'trace headers: values of any type and size are refused, or signed',
    share: 60,
    input: record({ info: anything, hmac: anything, keys: constantFrom([...keys], []) }),
    check,
  }),
];
