// The keys of a Redis command are shown, and they are those that a real server knows.
// needs: redis
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Redis } from 'ioredis';

import { redisStatement } from '../src/redaction/redis.js';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** A command as `COMMAND` describes it. */
type Described = readonly [
  name: string,
  arity: number,
  flags: readonly string[],
  first: number,
  last: number,
  step: number,
];

/** Commands whose channels are shown as well: the server does not count them as keys. */
const channels = new Set(['publish', 'subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe']);
/** Commands some of whose keys are masked, because they stand behind options. */
const masked = new Set(['sort', 'sort_ro', 'georadius', 'georadiusbymember', 'migrate']);

/** Calls whose keys only their arguments tell. */
const movable = [
  'eval return 2 a b c',
  'eval_ro return 1 a b c',
  'evalsha abc 2 a b c',
  'evalsha_ro abc 2 a b c',
  'fcall f 2 a b c',
  'fcall_ro f 2 a b c',
  'zdiff 2 a b WITHSCORES',
  'zdiffstore c 2 a b',
  'zinter 2 a b WEIGHTS 1 2',
  'zintercard 2 a b LIMIT 1',
  'zinterstore c 2 a b WEIGHTS 1 2',
  'zunion 2 a b AGGREGATE MAX',
  'zunionstore c 2 a b AGGREGATE MAX',
  'sintercard 2 a b LIMIT 1',
  'lmpop 2 a b LEFT',
  'blmpop 0 2 a b LEFT',
  'zmpop 2 a b MIN',
  'bzmpop 0 2 a b MIN',
  'xread COUNT 1 STREAMS a b 0 0',
  'xreadgroup GROUP streams me COUNT 1 STREAMS a b 0 0',
  'object encoding a',
  'memory usage a',
  'xgroup create a b 0',
  'xinfo stream a',
];

/** The arguments that a statement shows, without numbers and names of inner commands. */
function shown(name: string, args: readonly string[]): string[] {
  const [, ...words] = redisStatement(name, args).text.split(' ');
  assert.equal(words.length, args.length);
  return args.filter((arg, i) => words[i] === arg);
}

test('the table says of each command of the server which arguments are keys', async (t) => {
  const client = new Redis(url);
  t.after(() => client.disconnect());
  const commands = (await client.call('COMMAND')) as readonly Described[];
  assert.ok(commands.length > 200);
  for (const [name, , flags, first, last, step] of commands) {
    if (channels.has(name) || masked.has(name) || flags.includes('movablekeys')) continue;
    const args = Array.from({ length: 7 }, (_, i) => `arg${i + 1}`);
    const until = last < 0 ? args.length + 1 + last : last;
    const keys = args.filter(
      (_, i) => first > 0 && i + 1 >= first && i + 1 <= until && (i + 1 - first) % step === 0,
    );
    assert.deepEqual(shown(name, args), keys, name);
  }
  const named = new Set(movable.map((call) => call.split(' ')[0]));
  const left = commands.filter(([name, , flags]) => flags.includes('movablekeys') && !named.has(name));
  assert.deepEqual(
    left.map(([name]) => name).filter((name) => !masked.has(name)),
    [],
  );
});

test('the arguments of a command say which of them are keys, as the server counts them', async (t) => {
  const client = new Redis(url);
  t.after(() => client.disconnect());
  for (const call of movable) {
    const [name = '', ...args] = call.split(' ');
    const keys = (await client.call('COMMAND', 'GETKEYS', name, ...args)) as string[];
    const names = new Set(['2', '1', 'abc', 'f', 'encoding', 'usage', 'create', 'stream']);
    const told = shown(name, args).filter((arg) => !names.has(arg));
    assert.deepEqual(told.toSorted(), keys.toSorted(), call);
  }
  for (const call of ['sort a BY b STORE c', 'georadius a 1 2 3 m STORE c', 'migrate h 1 a 0 5 AUTH c']) {
    const [name = '', ...args] = call.split(' ');
    const keys = (await client.call('COMMAND', 'GETKEYS', name, ...args)) as string[];
    assert.deepEqual(shown(name, args), keys.slice(0, 1), call);
  }
});
