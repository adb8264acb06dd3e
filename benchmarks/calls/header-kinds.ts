// The kinds of trace headers whose price is measured.
import { createHmac } from 'node:crypto';

import { newId } from '../../src/trace/ids.js';
import { type SignedTrace, sign, signIds } from '../../src/trace/signing.js';
import { hmacKey } from '../variants.js';

/** A kind of request: the headers that it carries. */
interface HeaderKind {
  readonly what: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

// The headers that a browser sends with any request.
const usual = [
  ['Host', 'shop.example.org'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Cookie', 'theme=dark; language=it; basket=7253ca8c'],
  ['Cache-Control', 'no-cache'],
] as const;

const id = newId();
const right = signIds(id, id, hmacKey);
const wrong = signIds(id, id, 'a key of somebody else');
const hmac = 'a'.repeat(40);

const both = (signed: SignedTrace): HeaderKind['headers'] => [
  ['X-Trace-Info', signed.info],
  ['X-Trace-HMAC', signed.hmac],
];
const info = (text: string, signature = hmac): HeaderKind['headers'] => both({ info: text, hmac: signature });

/** Base64 of 1,024 characters, every other of which Python's decoder passes over. */
function sparse(): SignedTrace {
  const dense = sign({ base_id: `no ${id}` }, hmacKey).info;
  return signText(
    [...dense]
      .map((digit) => `${digit}~`)
      .join('')
      .padEnd(1024, '~'),
  );
}

function signText(text: string): SignedTrace {
  return { info: text, hmac: createHmac('sha1', hmacKey).update(text).digest('hex') };
}

/** The headers of a request that asks for this trace, or for none. */
export const headersIn = (base_id: string | undefined): HeaderKind['headers'] =>
  base_id === undefined ? usual : [...usual, ...both(signIds(base_id, base_id, hmacKey))];

const refused: readonly HeaderKind[] = [
  { what: 'no signature', headers: [['X-Trace-Info', right.info]] },
  { what: "another key's signature", headers: both(wrong) },
  { what: 'a signature of 39 digits', headers: info(right.info, hmac.slice(1)) },
  { what: 'a signature that is no hex', headers: info(right.info, 'é'.repeat(40)) },
  { what: 'a signature of 8 KB', headers: info(right.info, 'a'.repeat(8192)) },
  { what: '1,024 characters, the most that are read', headers: info('A'.repeat(1024)) },
  { what: '1,025 characters', headers: info('A'.repeat(1025)) },
  { what: '8 KB', headers: info('A'.repeat(8192)) },
  { what: 'the header 60 times', headers: Array.from({ length: 60 }, () => both(wrong)).flat() },
  {
    what: 'behind 1,500 others',
    headers: [...Array.from({ length: 1500 }, (_, i) => [`h${i}`, ''] as const), ...both(wrong)],
  },
  {
    what: 'signed by a known key: ids that are no UUIDs',
    headers: both(sign({ base_id: '../../x' }, hmacKey)),
  },
  {
    what: 'signed by a known key: JSON of 300 levels',
    headers: both(signText(btoa('['.repeat(300) + ']'.repeat(300)))),
  },
  { what: 'signed by a known key: 1,024 characters, few digits', headers: both(sparse()) },
];

/** The kinds that are refused, each with the headers of a usual request before it. */
export const refusedKinds: readonly HeaderKind[] = refused.map(({ what, headers }) => ({
  what,
  headers: [...usual, ...headers],
}));
