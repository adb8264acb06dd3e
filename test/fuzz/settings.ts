import assert from 'node:assert/strict';

import { type Arbitrary, array, constantFrom, oneof, record, string, tuple, uniqueArray } from 'fast-check';

import { readConfig } from '../../src/config/config.js';
import { type OptionName, options, variableName } from '../../src/config/options.js';
import { masked, schemeOf, schemes, splitConnections } from '../../src/drivers/index.js';
import { anyText, mutated, propertyNames } from './mutations.js';
import { target } from './target.js';

const names = Object.keys(options) as OptionName[];

/** A line that a terminal shows as one, of a length that people read. */
const oneLine = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,1000}$/u;

const value: Arbitrary<string> = oneof(
  mutated(
    constantFrom(
      'true',
      'FALSE',
      '1',
      ' no ',
      'off',
      'key,other',
      'file:///srv/traces',
      'local,*.example.org',
    ),
  ),
  mutated(
    constantFrom(
      'sqlite://user:pw@host/0',
      'redis://user:pw@host/0',
      'constructor:x',
      '*',
      'mysql://host?password=pw',
    ),
  ),
  anyText,
  constantFrom(...propertyNames, 'x'.repeat(100_000)),
);

const unknown: Arbitrary<string> = oneof(
  mutated(constantFrom(...names.map(variableName))),
  anyText.map((text) => `OSTRACE_${text}`),
  constantFrom(...propertyNames),
);

/** An environment with some of the settings right, some wrong, and names that are no settings. */
export const environment: Arbitrary<Record<string, string>> = tuple(
  array(tuple(constantFrom(...names.map(variableName)), value), { maxLength: 6 }),
  array(tuple(unknown, value), { maxLength: 2 }),
).map((parts) => Object.fromEntries(parts.flat()));

const types: Readonly<Record<OptionName, (value: unknown) => boolean>> = Object.fromEntries(
  names.map((name) => [name, typeTest(options[name].default)]),
) as never;

function typeTest(example: unknown): (value: unknown) => boolean {
  if (Array.isArray(example)) {
    return (given) => Array.isArray(given) && given.every((item) => typeof item === 'string' && item !== '');
  }
  if (example === undefined) {
    return (given) => ['undefined', 'string', 'number'].includes(typeof given) && given !== '';
  }
  return (given) => typeof given === typeof example;
}

function check(env: Record<string, string>): void {
  const { config, problems } = readConfig(env);
  for (const name of names) {
    const isRight = ['service', 'host'].includes(name) || types[name](config[name]);
    assert.ok(isRight, `${name} is ${String(config[name])}`);
  }
  assert.equal(typeof config.service, 'string');
  assert.equal(typeof config.host, 'string');
  assert.ok(splitConnections(config.connectionString).every((each) => schemes.includes(schemeOf(each))));
  // The connection string may be wrong in two ways.
  assert.ok(problems.length <= Object.keys(env).length + 1);
  for (const problem of problems) assert.match(problem, oneLine);
}

/** A secret that no message has by itself. */
const secret = string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 30 }).map(
  (text) => `s3cret${text.replaceAll(/[^a-z\d]/gi, 'x')}`,
);

const keysAround: Arbitrary<(hidden: string) => string> = constantFrom(
  (hidden: string) => hidden,
  (hidden: string) => `,${hidden}`,
  (hidden: string) => `a,,${hidden},`,
  (hidden: string) => ` ${hidden}\n,`,
);

const connectionAround: Arbitrary<(hidden: string) => string> = constantFrom(
  (hidden: string) => `sqlite://user:${hidden}@host/0`,
  (hidden: string) => `sqlite://${hidden}@host`,
  (hidden: string) => `//user:${hidden}@host`,
  (hidden: string) => `user:${hidden}@host`,
  (hidden: string) => `sqlite://user:a@${hidden}@host,other/x`,
  (hidden: string) => `sqlite://user:a/${hidden}@host`,
  (hidden: string) => `sqlite://user:a\n${hidden}@host`,
  (hidden: string) => `mysql://host/x?password=${hidden}`,
  (hidden: string) => `mysql://host/x?user=a&ssl=${hidden}#x`,
  (hidden: string) => `host?password=${hidden}`,
);

export const settingTargets = [
  target({
    name: 'settings: whatever the environment holds, each has a value of its type and each problem is a line',
    share: 70,
    input: environment,
    check,
  }),
  target({
    name: 'settings: no problem shows a key, or the password of a connection string',
    share: 30,
    input: record({
      secret,
      keys: keysAround,
      connection: connectionAround,
      others: environment,
      variables: uniqueArray(
        constantFrom('OSTRACE_HMAC_KEYS', 'OSTRACE_PROFILE', 'OSTRACE_CONNECTION_STRING'),
        {
          minLength: 1,
        },
      ),
    }),
    check({ secret: hidden, keys, connection, others, variables }) {
      const env = { ...others };
      for (const variable of variables) {
        env[variable] = (variable.endsWith('STRING') ? connection : keys)(hidden);
      }
      check(env);
      const { problems } = readConfig(env);
      assert.ok(!problems.join('\n').includes(hidden), problems.join('\n'));
      assert.ok(!masked(connection(hidden)).includes(hidden), masked(connection(hidden)));
    },
  }),
];
