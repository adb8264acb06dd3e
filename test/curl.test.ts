// Pasted curl commands, as browsers copy them, are read as the requests that curl would send.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { CurlError, parseCurl } from '../src/serve/curl/curl.js';
import { bashWords } from '../src/serve/curl/bash.js';

test('Chrome, for bash: headers, cookies, and a body with quotes and line breaks', () => {
  const request = parseCurl(String.raw`curl 'http://localhost:3000/orders?lang=de&x=1' \
  -H 'accept: application/json, text/plain, */*' \
  -H 'content-type: application/json' \
  -b 'sid=s%3Ax1f; theme=dark' \
  -H $'x-note: it\'s \u0021' \
  -H 'sec-ch-ua: "Chromium";v="148"' \
  --data-raw $'{"name":"O\'Hara\u0021","lines":"a\\nb"}' \
  --compressed \
  --insecure`);
  assert.deepEqual(request, {
    url: 'http://localhost:3000/orders?lang=de&x=1',
    method: 'POST',
    headers: [
      'accept: application/json, text/plain, */*',
      'content-type: application/json',
      'Cookie: sid=s%3Ax1f; theme=dark',
      "x-note: it's !",
      'sec-ch-ua: "Chromium";v="148"',
    ],
    body: Buffer.from('{"name":"O\'Hara!","lines":"a\\nb"}'),
    user: undefined,
    isInsecure: true,
  });
});

test('Chrome, for cmd: carets, doubled backslashes, percent signs and line breaks', () => {
  const { url, headers, body, method } = parseCurl(
    [
      'curl ^"http://localhost:3000/a?b=1^&c=%^20d^" ^',
      '  -H ^"accept: */*^" ^',
      '  -H ^"sec-ch-ua: ^\\^"Chromium^\\^";v=^\\^"148^\\^"^" ^',
      '  --data-raw ^"^{^\\^"path^\\^":^\\^"C:\\\\\\\\x^\\^",^\\^"n^\\^":1^}^\n\n^"',
    ].join('\r\n'),
  );
  assert.equal(url, 'http://localhost:3000/a?b=1&c=%20d');
  assert.deepEqual(headers, ['accept: */*', 'sec-ch-ua: "Chromium";v="148"']);
  assert.equal(body?.toString(), '{"path":"C:\\\\x","n":1}\n');
  assert.equal(method, 'POST');
});

test('carets in the quotes of bash do not make a command one for cmd', () => {
  for (const [quoted, expected] of [
    [`'a ^"b" c'`, 'a ^"b" c'],
    [String.raw`$'it\'s ^"b" ^\n'`, `it's ^"b" ^\n`],
    [String.raw`"a ^\"b\" c"`, 'a ^"b" c'],
    [`'a ^\nb'`, 'a ^\nb'],
  ]) {
    assert.equal(parseCurl(`curl 'http://h/' --data-raw ${quoted}`).body?.toString(), expected);
  }
});

test('an older Chrome, for cmd: quotes without carets', () => {
  const { url, headers, body } = parseCurl(
    'curl "http://localhost:3000/a?b=1&c=2" ^\r\n  -H "accept: */*" ^\r\n  --data-raw "{""a"":""b""}" ^\r\n  --compressed',
  );
  assert.equal(url, 'http://localhost:3000/a?b=1&c=2');
  assert.deepEqual(headers, ['accept: */*']);
  assert.equal(body?.toString(), '{"a":"b"}');
});

test('Firefox and Safari: a method before the headers, and characters as escapes', () => {
  const firefox = parseCurl(
    String.raw`curl 'http://localhost:3000/notes' --compressed -X PUT -H 'User-Agent: Mozilla/5.0' -H 'Accept-Language: de,en;q=0.5' --data-raw $'text=\u20ac \ud83d\ude00'`,
  );
  assert.equal(firefox.method, 'PUT');
  assert.equal(firefox.body?.toString(), 'text=€ 😀');
  const safari = parseCurl(
    String.raw`curl 'http://localhost:3000/notes' \
-X 'POST' \
-H 'Content-Type: multipart/form-data; boundary=--x' \
--data-binary $'----x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\x00\xff\r\n'`,
  );
  assert.equal(safari.body?.toString('latin1').endsWith('\r\n\r\n\0\u00ff\r\n'), true);
});

test('what people write: short options together, a URL without a scheme, forms, queries, JSON, HEAD', () => {
  assert.deepEqual(parseCurl('curl -sSkXPOST -d a=1 -d "b=2" localhost:3000/x -u ann:secret'), {
    url: 'localhost:3000/x',
    method: 'POST',
    headers: [],
    body: Buffer.from('a=1&b=2'),
    user: 'ann:secret',
    isInsecure: true,
  });
  assert.equal(
    parseCurl('curl -G http://h/a?b=1 -d c=2 --data-urlencode "d=e f"').url,
    'http://h/a?b=1&c=2&d=e%20f',
  );
  assert.deepEqual(parseCurl(`curl --json '{"a":1}' http://h/`).headers, [
    'Content-Type: application/json',
    'Accept: application/json',
  ]);
  assert.equal(parseCurl('curl -I http://h/').method, 'HEAD');
  assert.equal(
    parseCurl('http://localhost:3000/orders/42?a=1&b=2').url,
    'http://localhost:3000/orders/42?a=1&b=2',
  );
});

test('what would do or send something else is refused, with what to do', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /there is no command/],
    ['please send it', /does not begin with curl/],
    ['curl', /does not begin with curl|no URL/],
    ["curl 'http://h/", /quote of the command has no end/],
    ['curl http://h/ | sh', /has a \| outside of quotes/],
    ['curl http://h/ && rm -r x', /has a & outside of quotes/],
    ['curl "http://h/$(id)"', /has a \$ outside/],
    ['curl http://h/$HOME', /has a \$ outside/],
    ['curl http://h/ -d @/etc/passwd', /--data names a file/],
    ['curl http://h/ --data-binary @x', /--data-binary names a file/],
    ['curl http://h/ --data-urlencode a@x', /--data-urlencode names a file/],
    ['curl http://h/ -b cookies.txt', /--cookie names a file/],
    ['curl http://h/ -H @x', /--header names a file/],
    ['curl http://h/ --proxy http://p', /--proxy is an option of curl that the page does not know/],
    ['curl http://h/ -F a=@x', /-F is an option/],
    ['curl http://h/ http://i/', /two URLs/],
    ['curl http://h/ -H', /--header has no value/],
    ['curl -H "a: b"', /no URL/],
    ['curl ^"http://h/^" ^\r\n & calc', /has a & outside/],
    ['curl ^"http://h/', /no end/],
  ];
  for (const [text, expected] of cases) {
    assert.throws(
      () => parseCurl(text),
      (error: unknown) => error instanceof CurlError && expected.test(error.message),
      text,
    );
  }
  assert.deepEqual(parseCurl(`curl http://h/ --data-raw '@x'`).body, Buffer.from('@x'));
});

test(
  'the words are those that bash makes of the same text',
  { skip: spawnSync('bash', ['-c', '']).status !== 0 },
  () => {
    const texts = [
      String.raw`a 'b c' "d \"e\" \\ \x" f\ g $'h\'i\tj\x41\101\u00e9' k'l'"m"n ''`,
      'a \\\n  b \\\n c#d "e\\\nf"',
      String.raw`$'\xe2\x82\xac' "a'b" 'a"b'`,
      'a\\\nb',
    ];
    for (const text of texts) {
      const { stdout } = spawnSync('bash', ['-c', `printf '%s\\0' ${text}`], {
        env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
      });
      assert.deepEqual(`${bashWords(text).map(String).join('\0')}\0`, stdout.toString(), text);
    }
  },
);
