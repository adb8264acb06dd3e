// No part of a password that a connection string holds is shown, however wrong the string is, wherever it is told of.
// needs: time
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { readConfig } from '../src/config/config.js';
import { masked, openDriver, splitConnections } from '../src/drivers/index.js';
import { Line } from '../src/drivers/line.js';
import { messageOf } from '../src/trace/notice.js';
import { newId } from '../src/trace/ids.js';

// Two kinds, as digits look like a port; each part of a password has one of them.
const secrets = /s3cret|53019/;
const host = '127.0.0.1:1';
const key = `-----BEGIN PRIVATE KEY-----\ns3cret${'A'.repeat(5000)}\n-----END PRIVATE KEY-----`;

/** What people write, for each scheme. */
const forms: readonly ((scheme: string) => string)[] = [
  (s) => `${s}://user:s3cret@${host}/db`,
  (s) => `${s}://user:s3cret@s3cret@${host}/db`,
  (s) => `${s}://user:s3cret:s3cret@${host}/db`,
  ...[
    '/',
    '?',
    '#',
    '[',
    ']',
    ';',
    ',',
    '=',
    '&',
    ' ',
    '\n',
    '\\',
    '%',
    '%zz',
    '|',
    '^',
    '"',
    "'",
    '%2F',
    '%40',
  ].flatMap((sign) => [
    (s: string) => `${s}://user:s3cret${sign}s3cret@${host}/db`,
    (s: string) => `${s}://user:53019${sign}s3cret@${host}/db`,
    (s: string) => `${s}://user:${sign}s3cret@${host}/db`,
    (s: string) => `${s}://:53019${sign}s3cret@${host}/db`,
    (s: string) => `${s}://user:s3cret${sign}@${host}`,
  ]),
  // Without a host, or with what is none.
  (s) => `${s}://user:s3cret`,
  (s) => `${s}://:s3cret`,
  (s) => `${s}://user:s3cret/db`,
  (s) => `${s}://user:s3cret?db=1`,
  (s) => `${s}://user:s3cret%40${host}/db`,
  (s) => `${s}://user:s3cret@`,
  (s) => `${s}://user:s3cret@/db`,
  (s) => `${s}://user:s3cret@host:port/db`,
  (s) => `${s}://user:s3cret@[::1/db`,
  (s) => `${s}://user:s3cret@${host}:1:2/db`,
  // Without two slashes, or with three.
  (s) => `${s}:user:s3cret@${host}/db`,
  (s) => `${s}:user:s3cret`,
  (s) => `${s}:/user:s3cret@${host}/db`,
  (s) => `${s}:///user:s3cret@${host}/db`,
  // In parameters.
  (s) => `${s}://${host}/db?password=s3cret`,
  (s) => `${s}://${host}/db?token=s3cret&x=s3cret`,
  (s) => `${s}://${host}/db?s3cret`,
  (s) => `${s}://${host}/db?header.authorization=s3cret&header.x=s3cret@x`,
  (s) => `${s}://${host}/db?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:s3cret`,
  (s) => `${s}://${host}/db;password=s3cret`,
  (s) => `${s}://${host}/db#s3cret`,
  ...[
    'ssl_key',
    'ssl-key',
    'sslkey',
    'ssl_keyfile',
    'ssl_key_file',
    'keyfile',
    'tlsCertificateKeyFile',
    'sslcert',
    'ssl_ca',
  ].map((name) => (s: string) => `${s}://${host}/db?ssl=true&${name}=${encodeURIComponent(key)}`),
  // Several hosts, and several stores.
  (s) => `${s}://user:s3cret@${host},user:s3cret@${host}/db`,
  (s) => `${s}://user:s3cret,${s}://s3cret@${host}/db`,
  (s) => `${s}://user:s3cret@${host}/db,${s}://user:s3cret@${host}/db`,
  (s) => `${s}://?transport_url=rabbit://user:s3cret@${host}/`,
  (s) => `${s}://?transport_url=rabbit%3A%2F%2Fuser%3As3cret%40${host}`,
];

const settings = {
  filterErrorTrace: false,
  project: 'p',
  service: 's',
  host: 'h',
  keepFor: undefined,
  keepSize: undefined,
  transportUrl: undefined,
};
const line = new Line(newId(), '{}');

/** Each way to come to an error that tells of the store. */
async function said(connection: string, transportUrl?: string): Promise<string> {
  const texts: string[] = [masked(connection)];
  const { problems } = readConfig({ OSTRACE_CONNECTION_STRING: connection });
  texts.push(...problems);
  for (const each of splitConnections(connection)) {
    texts.push(masked(each));
    if (/^file:/i.test(each)) continue;
    for (const ask of ['check', 'list', 'write'] as const) {
      try {
        const driver = openDriver(each, { ...settings, transportUrl });
        const asked = (async () =>
          ask === 'write' ? driver.write([line], { isLast: true }) : driver[ask]())();
        asked.catch(() => {});
        // Some wait for seconds, for a server that may come.
        await Promise.race([asked, delay(100)]);
        await driver.close();
      } catch (error) {
        texts.push(messageOf(error));
      }
    }
  }
  return texts.join('\n');
}

const schemes = [
  ['redis', 'rediss', 'redissentinel', 'postgresql', 'postgresql+psycopg2', 'mysql', 'mariadb+pymysql'],
  [
    'rabbit',
    'amqps',
    'messaging',
    'mongodb',
    'elasticsearch',
    'opensearch+https',
    'influxdb',
    'otlp',
    'zipkins',
  ],
  // No driver's.
  ['sqlite', 'http', 'redis+unix'],
].flat();

for (const scheme of schemes) {
  test(`${scheme}: no part of a password is shown`, { timeout: 120_000 }, async () => {
    for (const form of forms) {
      const connection = form(scheme);
      assert.doesNotMatch(await said(connection), secrets, JSON.stringify(connection.slice(0, 200)));
    }
  });
}

test(
  'messaging://: no part of the password in its transport URL is shown',
  { timeout: 120_000 },
  async () => {
    for (const form of forms) {
      const url = form('rabbit');
      assert.doesNotMatch(await said('messaging://', url), secrets, JSON.stringify(url.slice(0, 200)));
    }
  },
);

test('what is no connection string at all is not shown where it may be a password', () => {
  for (const given of [
    'user:s3cret',
    ':s3cret',
    's3cret@',
    'host=db password=s3cret',
    'user:s3cret/db',
    'token=s3cret',
  ]) {
    assert.doesNotMatch(masked(given), secrets, given);
    const { problems } = readConfig({ OSTRACE_CONNECTION_STRING: given });
    assert.doesNotMatch(problems.join('\n'), secrets, given);
  }
});

test('a connection string without a secret is shown as it is', () => {
  for (const given of [
    'redis://127.0.0.1:6379/0',
    'redis://cache',
    'redissentinel://a:26379,b:26379,[::1]:26379/0',
    'postgresql:///traces',
    'mongodb://h1:27017,h2:27017/db',
    'otlp://collector:4318/path/below',
    'file:///var/lib/ostrace',
    'file://.ostrace',
    'file://C:\\traces',
    'messaging://',
    'localhost:6379',
    'redis',
  ]) {
    assert.equal(masked(given), given);
  }
});
