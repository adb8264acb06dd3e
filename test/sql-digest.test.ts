// Fingerprints of statements: equal statements share them whatever their values are, and they hold no value.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { digestOf } from '../src/redaction/sql-digest.js';

const same = (dialect: 'postgresql' | 'mysql', ...texts: readonly string[]): boolean =>
  new Set(texts.map((text) => digestOf(text, dialect).fingerprint)).size === 1;

test('statements that differ only in their values, placeholders, blanks and the lengths of lists are the same', () => {
  assert.ok(
    same(
      'postgresql',
      'select * from items where order_id = $1',
      "select *  from items\n where order_id = 'secret'",
      'select * from items where order_id = 42 -- of today',
    ),
  );
  assert.ok(
    same('postgresql', 'select 1 from t where id in ($1, $2, $3)', 'select 1 from t where id in (7)'),
  );
  assert.ok(same('mysql', 'insert into t values (?, ?), (?, ?)', 'insert into t values ("a", 2)'));
});

test('other statements are others', () => {
  assert.ok(!same('postgresql', 'select a from items', 'select b from items'));
  assert.ok(!same('mysql', 'select `a` from items', 'select `b` from items'));
  assert.notEqual(digestOf('SELECT a', 'mysql').fingerprint, digestOf('SELECT b', 'mysql').fingerprint);
});

test('the verb is the first word, in capitals', () => {
  assert.equal(digestOf('  /* of a tool */ select 1', 'postgresql').verb, 'SELECT');
  assert.equal(digestOf('(select 1) union (select 2)', 'postgresql').verb, 'SELECT');
  assert.equal(digestOf('with x as (select 1) select * from x', 'mysql').verb, 'WITH');
  assert.equal(digestOf('', 'mysql').verb, '');
});

test('a page of rows says that it is one', () => {
  const isPaged = (text: string): boolean => digestOf(text, 'postgresql').paged === true;
  assert.ok(isPaged('select * from t where id > $1 order by id limit 50'));
  assert.ok(isPaged('select * from t order by id limit 50 offset 100'));
  assert.ok(!isPaged('select * from t where id = $1 limit 1'));
  assert.ok(!isPaged("select * from t where note = 'limit 5 offset 7'"));
});

test('any text has a digest of the same form, and thousands of texts are not kept', () => {
  for (let i = 0; i < 2000; i++) {
    const { verb, fingerprint } = digestOf(`${'x'.repeat(i * 5)} '${i}`, 'postgresql');
    assert.match(fingerprint, /^[\da-f]{16}$/);
    assert.ok(verb.length <= 20);
  }
});
