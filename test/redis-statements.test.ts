// A Redis command as a statement: its name and its keys, and nothing that may be a secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { redisStatement } from '../src/redaction/redis.js';

const cases: readonly (readonly [command: string, statement: string])[] = [
  ['get user:1', 'GET user:1'],
  ['SET user:1 s3cret EX 10', 'SET user:1 ? ? ?'],
  ['mset a s3cret b s3cret', 'MSET a ? b ?'],
  ['del a b c', 'DEL a b c'],
  ['blpop a b 0', 'BLPOP a b ?'],
  ['rename a b', 'RENAME a b'],
  ['bitop AND c a b', 'BITOP ? c a b'],
  ['hset h field s3cret', 'HSET h ? ?'],
  ['eval return 2 a b s3cret', 'EVAL ? 2 a b ?'],
  ['evalsha abc 1 a s3cret', 'EVALSHA abc 1 a ?'],
  ['evalsha abc 0 s3cret', 'EVALSHA abc 0 ?'],
  ['evalsha abc 3 a s3cret', 'EVALSHA abc ? ? ?'],
  ['evalsha abc -1 a s3cret', 'EVALSHA abc ? ? ?'],
  ['evalsha abc many a s3cret', 'EVALSHA abc ? ? ?'],
  ['fcall f 1 a s3cret', 'FCALL f 1 a ?'],
  ['zunionstore c 2 a b WEIGHTS 1 2', 'ZUNIONSTORE c 2 a b ? ? ?'],
  ['zinter 2 a b', 'ZINTER 2 a b'],
  ['msetex 2 a s3cret b s3cret EX 5', 'MSETEX 2 a ? b ? ? ?'],
  ['blmpop 0 2 a b LEFT', 'BLMPOP ? 2 a b ?'],
  ['xread COUNT 2 STREAMS a b 0 0', 'XREAD ? ? ? a b ? ?'],
  ['xreadgroup GROUP streams me STREAMS a >', 'XREADGROUP ? ? ? ? a ?'],
  ['xreadgroup GROUP g me', 'XREADGROUP ? ? ?'],
  ['sort a BY s3cret_* STORE c', 'SORT a ? ? ? ?'],
  ['object encoding a', 'OBJECT encoding a'],
  ['memory usage a SAMPLES 5', 'MEMORY usage a ? ?'],
  ['memory doctor', 'MEMORY doctor'],
  ['xgroup CREATE a g $', 'XGROUP CREATE a ? ?'],
  ['json.set a $ "s3cret"', 'JSON.SET a ? ?'],
  ['publish news s3cret', 'PUBLISH news ?'],
  ['subscribe news sports', 'SUBSCRIBE news sports'],
  ['ping', 'PING'],
  ['auth s3cret', 'AUTH ?'],
  ['auth me s3cret', 'AUTH ? ?'],
  ['hello 3 AUTH me s3cret', 'HELLO ? ? ? ?'],
  ['config set requirepass s3cret', 'CONFIG set ? ?'],
  ['config s3cret', 'CONFIG ?'],
  ['object s3cret a', 'OBJECT ? ?'],
  ['acl setuser me >s3cret', 'ACL setuser ? ?'],
  ['client setname s3cret', 'CLIENT setname ?'],
  ['migrate host 6379 a 0 5000 AUTH s3cret', 'MIGRATE ? ? a ? ? ? ?'],
  ['nobody.knows s3cret', 'NOBODY.KNOWS ?'],
  ['constructor s3cret', 'CONSTRUCTOR ?'],
];

for (const [command, statement] of cases) {
  test(`${command} → ${statement}`, () => {
    const [name = '', ...args] = command.split(' ');
    assert.equal(redisStatement(name, args).text, statement);
    // As another client has it, and as bytes.
    assert.equal(redisStatement(name, [name, ...args], 1).text, statement);
    const bytes = args.map((each) => Buffer.from(each));
    assert.equal(redisStatement(name, bytes).text, statement);
  });
}

test('the masked arguments are parameters, unless they may be credentials', () => {
  const paramsOf = (command: string): readonly unknown[] | undefined => {
    const [name = '', ...args] = command.split(' ');
    return redisStatement(name, args).params;
  };
  assert.deepEqual(paramsOf('set a 1 EX 5'), ['1', 'EX', '5']);
  assert.deepEqual(paramsOf('get a'), []);
  for (const command of [
    'auth x',
    'hello 3 AUTH me x',
    'config set a b',
    'acl setuser x',
    'migrate h 1 a 0 5 AUTH x',
  ]) {
    assert.equal(paramsOf(command), undefined, command);
  }
  assert.equal(paramsOf('nobody.knows x'), undefined);
});

test('a key is shown so that it is one word, and cut', () => {
  const shown = (key: unknown): string => redisStatement('get', [key]).text;
  assert.equal(shown('two words'), 'GET "two words"');
  assert.equal(shown(''), 'GET ""');
  assert.equal(shown('?'), 'GET "?"');
  assert.equal(shown('a"b'), 'GET "a\\"b"');
  assert.equal(shown('line\nbreak'), 'GET "line\\nbreak"');
  assert.equal(shown('größe'), 'GET größe');
  assert.equal(shown(7), 'GET 7');
  assert.equal(shown({ toString: () => 's3cret' }), 'GET ?');
  assert.equal(shown('k'.repeat(5000)), `GET ${'k'.repeat(1024)}…`);
  assert.equal(shown(Buffer.alloc(5000, 'k')), `GET ${'k'.repeat(1024)}…`);
});

test('a command of very many arguments is cut, and says how many there are', () => {
  const keys = Array.from({ length: 100_000 }, (_, i) => `key:${i}`);
  const { text, params } = redisStatement('del', keys);
  assert.ok(text.length < 17 * 1024, String(text.length));
  assert.match(text, /^DEL key:0 key:1 .* … \(100000 arguments\)$/);
  const set = redisStatement('sadd', ['a', ...keys]);
  assert.ok(set.text.length < 17 * 1024 && set.params!.length < 17 * 1024);
  assert.deepEqual(params, []);
});
