import assert from 'node:assert/strict';

import { type Arbitrary, array, constantFrom, oneof, record, string, tuple } from 'fast-check';

import { requestTarget as maskedTarget } from '../../src/redaction/url.js';
import { anyText, mutated } from './mutations.js';
import { target } from './target.js';

const whole = ({ path, query }: { path: string; query: string }): string =>
  query === '' ? path : `${path}?${query}`;

const mark = 's3cret';
/** Marked in each of its parts: what seems to end a value may be in the middle of it. */
const secretWith = (...inner: string[]): Arbitrary<string> =>
  array(tuple(constantFrom(...inner), string({ unit: 'grapheme-ascii', maxLength: 8 })), {
    minLength: 1,
    maxLength: 3,
  }).map((parts) =>
    parts.map(([between, text]) => `${between}${mark}${text.replaceAll(/[^a-z\d]/gi, 'x')}`).join(''),
  );
const secret = secretWith(
  '',
  ';',
  '=',
  '%26',
  '%3D',
  '%3d',
  '@',
  ':',
  '%40',
  '+',
  '%',
  '%zz',
  '//',
  ';b=',
  '?',
  '#',
);
// A slash, a question mark or a hash ends it.
const password = secretWith('', ';', '=', '&', '@', '%40', ':', '%26', '%3A', '%', '%zz', '+', '$&');
const schemes = constantFrom('http:', 'https:', 'HTTP:', 'ws:', 'postgres:');
const starts = oneof(
  record({ front: constantFrom('', '/', '/p/'), slashes: constantFrom('//', '/', '///') }),
  constantFrom({ front: '', slashes: '' }, { front: '', slashes: '\\\\' }),
);
const tail = oneof(
  constantFrom('', '/', '/x', '/x/y;z', '/a@b', '/x#y@z', ':80/x', '?a=b@c', '?mail=a@b&x=//y', '//'),
  mutated(constantFrom('/orders/42?q=a&b=c', '/@scope/pkg?x=1')),
);

const names = `token access_token id-token password passwd pwd user[pass] sig X-Amz-Signature client_secret
  api_key apikey key code auth sid otp jwt session_id Authorization app_key authkey subscription-key ticket
  SAMLResponse oauth_verifier passcode X-Goog-Signature token[]`;
const secretNames = constantFrom(...names.split(/\s+/));
/** A name as another writer might spell it: some of its letters by their codes. */
const spelled = record({ name: secretNames, every: constantFrom(0, 0, 1, 2, 3) }).map(({ name, every }) =>
  [...name]
    .map((letter, i) => (every > 0 && i % every === 0 ? `%${letter.charCodeAt(0).toString(16)}` : letter))
    .join(''),
);
const encode = constantFrom(true, false);
const before = oneof(
  constantFrom('', 'a=1&', 'a&', '&', ';', 'x=y;', 'to=/a?'),
  mutated(constantFrom('q=a+b')).map((text) => `${text}&`),
);
const after = oneof(
  constantFrom('', '&b=2', ';c', '&', '#x'),
  anyText.map((text) => `&${text}`),
);

/** Where secrets stand in the URLs of requests. */
const hidden: Arbitrary<string> = oneof(
  // A proxy's request has the whole URL; so has a path that ends in one.
  record({ password, scheme: schemes, start: starts, user: constantFrom('me', '', 'a%40b'), tail }).map(
    ({ scheme, start: { front, slashes }, user, tail: rest, ...each }) =>
      `${front}${scheme}${slashes}${user}:${each.password}@host${rest}`,
  ),
  record({ secret, name: spelled, before, after, path: constantFrom('', '/x', '/x//y') }).map(
    (each) => `${each.path}?${each.before}${each.name}=${each.secret}${each.after}`,
  ),
  // A URL in a parameter, as it is and encoded.
  record({ secret, name: secretNames, after, mark: constantFrom('?', '?a=1&', '#'), encode }).map((each) =>
    within(each.encode, `https://host/cb${each.mark}${each.name}=${each.secret}`, each.after),
  ),
  record({ password: secretWith('', ';', '@', '=', ':'), after, encode }).map((each) =>
    within(each.encode, `https://me:${each.password}@host/x`, each.after),
  ),
);

function within(isEncoded: boolean, url: string, rest: string): string {
  return `/go?to=${isEncoded ? encodeURIComponent(url) : url}${rest}`;
}

/** Not every text that looks like a URL with a password is one to those who read URLs. */
function hasSecret(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password: word, search } = new URL(url);
  return [username, word, search].some((part) => part.includes(mark));
}

export const urlTargets = [
  target({
    name: 'URLs: no generated secret is left where secrets stand',
    share: 100,
    input: hidden,
    check(url) {
      if (!hasSecret(url)) return;
      const masked = whole(maskedTarget(url));
      assert.ok(!masked.includes(mark), `${url} → ${masked}`);
    },
  }),
  target({
    name: 'URLs: masked twice is masked once, and nothing grows but by the mask',
    share: 75,
    input: oneof(
      anyText,
      mutated(hidden),
      array(
        constantFrom(
          '/',
          '//',
          ':/',
          '@',
          '?',
          '&',
          '=',
          '%',
          '%2f',
          '%3f',
          '%40',
          '%26',
          '%3d',
          'key',
          'a',
          ';',
          '#',
        ),
      ).map((parts) => parts.join('')),
    ),
    check(url) {
      const once = maskedTarget(url);
      assert.deepEqual(maskedTarget(whole(once)), once);
      const masks = whole(once).split('***').length;
      assert.ok(whole(once).length <= url.length + 4 * masks);
    },
  }),
];
