import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readConfig } from '../src/config/config.js';
import { masked } from '../src/drivers/index.js';
import { destinations } from '../src/propagation/destinations.js';
import { requestTarget } from '../src/redaction/url.js';

const secretNames = `
  pass passwd password password2 passphrase user_pass db-pwd api-key apikey X-Api-Key access_key secret_key
  PRIVATE_KEY client_secret token access_token refresh-token id_token_hint jwt bearer authorization session
  session_id sid connect.sid PHPSESSID otp assertion sig signature X-Amz-Date key auth code user[password]
  user%5Bpassword%5D user[code] %74oken p%61ss
  subscription-key Ocp-Apim-Subscription-Key app_key appKey authkey auth-key function.key ticket service_ticket
  SAMLResponse SAMLRequest samlart oauth_verifier code_verifier oauth_nonce passcode passkey X-Goog-Signature
  X-Goog-Credential hmac nonce csrf _xsrf x-auth cookie otp_code device_code auth_code verificationCode pin cvv
  token[] token%5B%5D code[] key[0] auth[x] ToKeN API%2DKEY
  pw pswd psw pword passwort kennwort contraseña contrase%C3%B1a mdp licence_key license-key wresult pgt pgtId pgtIou authz x-authz
  cred creds skey vcode pw2 userPw dbPwd loginPin wachtwoord mot_de_passe senha salasana
  %u0074oken tok%u0065n %25u0074oken %EF%BD%94oken ｔｏｋｅｎ ｐassword to%E2%80%8Bken %2574oken %252574oken %2525%37%34oken user%255Bcode%255D`
  .trim()
  .split(/\s+/);

for (const name of secretNames) {
  test(`the value of ${name} is masked in a query`, () => {
    assert.equal(
      requestTarget(`/x?a=1&${name}=s3cret&b=2;${name}=s3cret`).query,
      `a=1&${name}=***&b=2;${name}=***`,
    );
  });
}

test('a target of megabytes is masked at its beginning, whatever it consists of', () => {
  for (const piece of ['//@', 'a=', '%2f%2f', 'token=s3cret;', '@']) {
    const { path, query } = requestTarget(`/x?token=s3cret&${piece.repeat(2_000_000)}`);
    assert.deepEqual([path, query.slice(0, 10)], ['/x', 'token=***&']);
  }
});

test('other parameters stay as they are, and so do parameters without a value', () => {
  const query =
    'q=a+b&passenger=1&bypass=2&country_code=it&sort_key=3&keyboard=4&design=5&state=6&author=7&ticket_id=8&authority=9&pinned=1&zip_code=2&partition_key=3&auth_type=4&sv=5&se=6&stateful=7&stopword=8&laptopWord=8&spin=9&lowpass=1&enclave=2&q=größe&naïve=ü&%=8&a&=9&token';
  assert.equal(requestTarget(`/x?${query}`).query, query);
  assert.deepEqual(requestTarget('/plain'), { path: '/plain', query: '' });
});

for (const [url, path, query = ''] of [
  ['http://u:p@h/x', 'http://***@h/x'],
  ['http://u:p@ss@h', 'http://***@h'],
  ['/p/http://u:p@ss@h/x', '/p/http://***@h/x'],
  ['http://u:p@h/a//v:w@x/', 'http://***@h/a//***@x/'],
  ['/a/https:/u:p@h', '/a/https:/***@h'],
  ['/u@h', '/u@h'],
  ['/x?to=https://u:p@ss@h/y@z&mail=a@b', '/x', 'to=https://***@h/y@z&mail=a@b'],
  [
    '/x?to=https%3A%2F%2Fu%3Ap%40ss%40h%2Fy%40z&mail=a%40b',
    '/x',
    'to=https%3A%2F%2F***@h%2Fy%40z&mail=a%40b',
  ],
] as const) {
  test(`no name and password of ${url} is kept`, () => {
    assert.deepEqual(requestTarget(url), { path, query });
  });
}

for (const [url, path, query = ''] of [
  ['http:u:p@h/x', 'http:***@h/x'],
  ['/fetch/https%3A%2F%2Fu%3Ap%40h%2Fx', '/fetch/https%3A%2F%2F***@h%2Fx'],
  ['/x?to=https://h/cb?token=s3&b=2', '/x', 'to=https://h/cb?token=***&b=2'],
  ['/x?to=%2Fcb%3Fa%3D1%26token%3Ds3%26b%3D2&c=3', '/x', 'to=%2Fcb%3Fa%3D1%26token%3D***&c=3'],
  ['/x?to=/cb#access_token=s3', '/x', 'to=/cb#access_token=***'],
  ['/x?token=s3;s3&b=2', '/x', 'token=***&b=2'],
  ['/x?tok%65n%zz=s3', '/x', 'tok%65n%zz=***'],
  ['/x?a=1%u0026token%u003ds3&b=2', '/x', 'a=1%u0026token%u003d***&b=2'],
  ['/x?to=%u002f%u002fu%u003ap%u0040h&b=2', '/x', 'to=%u002f%u002f***@h&b=2'],
  // JSON.
  ['/x?q={"a":1,"password":"s3"}&b=2', '/x', 'q={"a":1,"password":***&b=2'],
  ['/x?q={"a":{"pw":"s3","key":"s3"}}', '/x', 'q={"a":{"pw":***'],
  ["/x?q={'token' : 's3'}", '/x', "q={'token' :***"],
  ['/x?q=%7B%22password%22%3A%22s3%22%7D&b=2', '/x', 'q=%7B%22password%22%3A***&b=2'],
  ['/x?q=%257B%2522key%2522%253A%2522s3%2522%257D', '/x', 'q=%257B%2522key%2522%253A***'],
  ['/x?q="{\\"code\\":\\"s3\\"}"', '/x', 'q="{\\"code\\":***'],
  ['/x?q={"\\u0070assword":"s3"}', '/x', 'q={"\\u0070assword":***'],
  ['/x?q={"code":"s3"}', '/x', 'q={"code":***'],
  ['/x?q=[{"name":"a","age":7}]', '/x', 'q=[{"name":"a","age":7}]'],
  ['/q/{"password":"s3"}/x', '/q/{"password":***/x'],
  // In a path: matrix parameters, in each segment.
  ['/a;jsessionid=s3/b', '/a;jsessionid=***/b'],
  ['/a;JSESSIONID=s3;v=1?b=2', '/a;JSESSIONID=***', 'b=2'],
  ['/a;v=1;sid=s3/b;w=2', '/a;v=1;sid=***/b;w=2'],
  ['/a%3Bjsessionid%3Ds3/b', '/a%3Bjsessionid%3D***/b'],
  ['/a;v=1/b;w=2', '/a;v=1/b;w=2'],
  ['/token=s3/b', '/token=***/b'],
  [
    '/fetch/https%3A%2F%2Fh%2Fcb%3Fa%3D1%26token%3Ds3/x',
    '/fetch/https%3A%2F%2Fh%2Fcb%3Fa%3D1%26token%3D***/x',
  ],
  // Fragments reach to the end.
  ['/x#token=s3', '/x#token=***'],
  ['/x#token=s3?s3&b=2', '/x#token=***&b=2'],
  ['/x#id_token=s3&state=a&b=2', '/x#id_token=***&state=a&b=2'],
  ['/x#/route?token=s3', '/x#/route?token=***'],
  ['/x?a=1#token=s3', '/x', 'a=1#token=***'],
  // Encoded more than once.
  ['/x?to=%252Fcb%253Fa%253D1%2526token%253Ds3&c=3', '/x', 'to=%252Fcb%253Fa%253D1%2526token%253D***&c=3'],
  ['/x?to=https%253A%252F%252Fu%253Ap%2540h%252Fy&c=3', '/x', 'to=https%253A%252F%252F***@h%252Fy&c=3'],
  ['/x%3Ftoken%3Ds3', '/x%3Ftoken%3D***'],
  // Tokens that tell by themselves, and states that nobody could guess.
  ['/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s3-_/x', '/verify/***/x'],
  ['/x?a=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s3&b=2', '/x', 'a=***&b=2'],
  ['/x?a=b%3DeyJhbGciOiJIUzI1NiJ9%2EeyJzdWIiOiIxIn0%2Es3&b=2', '/x', 'a=b%3D***&b=2'],
  ['/eyJust/a.name', '/eyJust/a.name'],
  ['/x?state=CA&b=2', '/x', 'state=CA&b=2'],
  ['/x?code=s3&state=0123456789abcdef&b=2', '/x', 'code=***&state=***&b=2'],
  // Signed URLs of stores.
  ['/c/b?sv=2022&se=1&sr=b&sp=r&sig=s3%2Bs3%3D', '/c/b', 'sv=2022&se=1&sr=b&sp=r&sig=***'],
] as const) {
  test(`no part of a secret in ${url} is kept`, () => {
    assert.deepEqual(requestTarget(url), { path, query });
  });
}

// Work that grows with the square of the length would take an hour at this one: the runner's limit ends it.
test('what is as long as can be comes to an end, and masked twice is masked once', () => {
  // With what masking adds still less than what is looked at.
  const length = 1 << 14;
  for (const piece of [
    'a',
    '=',
    '&',
    '@',
    '/',
    '//',
    ':/',
    '%2f',
    '%2f%2f',
    '%40',
    '%',
    'a=',
    '[',
    '-',
    'pass',
    '//@',
    '?',
  ]) {
    const text = piece.repeat(length / piece.length);
    for (const url of [`/?${text}`, `${text}@`, `/?//${text}`]) {
      const { path, query } = requestTarget(url);
      const again = requestTarget(query === '' ? path : `${path}?${query}`);
      // Not deepEqual, which would print megabytes.
      assert.ok(again.path === path && again.query === query, `${piece}: ${url.slice(0, 20)}`);
    }
  }
});

test('a name counts as local only if nothing in it can become a dot', () => {
  const isLocal = destinations(['local']);
  for (const host of ['localhost', 'db', 'my_service-2', 'a.localhost', '127.0.0.1', '[::1]', 'fd00::1']) {
    assert.equal(isLocal(host), true, host);
  }
  for (const host of [
    'evil。com',
    'evil．com',
    'evil｡com',
    'x%2ecom',
    '134744072',
    '0x08080808',
    '',
    'a b',
    '٨',
  ]) {
    assert.equal(isLocal(host), false, host);
  }
});

test('of a connection string only what may be a password is hidden', () => {
  for (const [given, shown] of [
    ['postgresql://u%3Ahunter2%40h', 'postgresql://***'],
    ['mysql://u:12345', 'mysql://u:***'],
    ['mysql://u:12345/db', 'mysql://u:***/db'],
    ['redis://:12/', 'redis://***'],
    ['file:///x?password=s3', 'file:///x?***'],
    ['file:///what?', 'file:///what?'],
    ['redis://cache:6379/1', 'redis://cache:6379/1'],
    ['redis://cache.example.org:7001', 'redis://cache.example.org:7001'],
    ['redis://localhost:7001,10.0.0.1:7002', 'redis://localhost:7001,10.0.0.1:7002'],
    ['postgresql://%2Fvar%2Frun%2Fpostgresql/db', 'postgresql://%2Fvar%2Frun%2Fpostgresql/db'],
    ['redis://[fe80::1]:7001/', 'redis://[fe80::1]:7001/'],
    ['otlp://127.0.0.1:7001', 'otlp://127.0.0.1:7001'],
    ['mysql://', 'mysql://'],
  ] as const) {
    assert.equal(masked(given), shown);
  }
});

test('a wrong connection string is reported without its name and password', () => {
  for (const [given, shown] of [
    ['//user:s3cret@redis', '//***@redis'],
    ['//user:s3/cret@redis', '//***@redis'],
    ['//user:s3@s3cret@redis/1', '//***@redis/1'],
    ['sqlite://host/0?password=s3cret', 'sqlite://host/0?***'],
    ['sqlite://host?password=s3@s3cret', 'sqlite://***'],
    ['sqlite://user:s3=s3cret@host', 'sqlite://***'],
    ['host=db user=me password=s3cret', 'host=***'],
  ] as const) {
    const { problems } = readConfig({ OSTRACE_CONNECTION_STRING: given });
    assert.equal(problems.length, 1);
    assert.ok(problems[0]!.startsWith(`OSTRACE_CONNECTION_STRING is "${shown}"`), problems[0]);
  }
});
