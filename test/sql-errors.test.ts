// Databases repeat the values that they refuse, in quotes of many kinds or in none.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { databaseFailure } from '../src/redaction/sql.js';

const none: ReadonlySet<string> = new Set();

function messageOf(message: string, code = '22P02', namesOnly = none): unknown {
  const error = Object.assign(new Error(message), { code });
  return databaseFailure(error, namesOnly, { traceSqlParams: false })['message'];
}

for (const [message, masked] of [
  // PostgreSQL
  ['invalid input syntax for type integer: "x"', 'invalid input syntax for type integer: "***"'],
  ['invalid input value for enum mood: "it\'s "x""', 'invalid input value for enum mood: "***"'],
  ['value "99999999999" is out of range for type integer', 'value "***" is out of range for type integer'],
  ['value too long for type character varying(3)', 'value too long for type character varying(3)'],
  ['numeric(5, 2) is too small', 'numeric(5, 2) is too small'],
  ['Key (email)=(a@b.c) already exists.', 'Key (email)=(***) already exists.'],
  [
    'duplicate key value violates unique constraint "users_email"\nDETAIL:  Key (email, n)=(a (b) c, 7) already exists.',
    'duplicate key value violates unique constraint "***"\nDETAIL:  Key (email, n)=(***) already exists.',
  ],
  ['Failing row contains (1, a@b.c, null).', 'Failing row contains (***).'],
  [
    'Partition key of the failing row contains (id) = (4711).',
    'Partition key of the failing row contains (***).',
  ],
  ['Key (email)=(never closed', 'Key (email)=(***'],
  ['invalid byte sequence for encoding "UTF8": 0xe2 0x28', 'invalid byte sequence for encoding "***": ? ?'],
  [
    'setval: value 4711 is out of bounds for sequence "s" (1..5)',
    'setval: value ? is out of bounds for sequence "***" (?)',
  ],
  ['large object 4711 does not exist', 'large object ? does not exist'],
  ['no account for a@b.c, said the trigger', 'no account for *** said the trigger'],
  ['erreur de syntaxe sur ou près de « secret »', 'erreur de syntaxe sur ou près de «***»'],
  ['Syntaxfehler bei »secret«', 'Syntaxfehler bei »***«'],
  ['Syntaxfehler bei „secret“', 'Syntaxfehler bei „***“'],
  ['syntaxfel vid eller nära ”secret”', 'syntaxfel vid eller nära ”***”'],
  ['unexpected ‘secret’', 'unexpected ‘***’'],
  ['无效的「secret」', '无效的「***」'],
  ['near «secret without an end', 'near «***'],
  ["near 'secret without an end, and it's long", "near '***"],
  ['setting x: $$hunter2$$ is wrong', 'setting x: $$***$$ is wrong'],
  ['near $q$it\'s $$ "hunter2"$q$ at line 1', 'near $q$***$q$ at line 1'],
  ['near $$hunter2 without an end', 'near $$***'],
  ['there is no parameter $1', 'there is no parameter $1'],
  ['account DE89370400440532013000 is blocked', 'account ? is blocked'],
  ['card A1B2C3D4, token_2024x and (KB.12.34)', 'card ?, ? and (?)'],
  ['of int4, float8 or sha256 there is none', 'of int4, float8 or sha256 there is none'],
  [
    'Illegal mix of collations (utf8mb4_0900_ai_ci,IMPLICIT) and (cp1252,COERCIBLE)',
    'Illegal mix of collations (utf8mb4_0900_ai_ci,IMPLICIT) and (cp1252,COERCIBLE)',
  ],
  // MySQL and MariaDB
  ['`hunter2` is not valid', '`***` is not valid'],
  ["Duplicate entry 'a@b.c' for key 'users.email'", "Duplicate entry '***' for key 'users.email'"],
  ["Duplicate entry 'x' for key 'y' for key 'email'", "Duplicate entry '***' for key 'email'"],
  [
    "Incorrect integer value: 'x' for column 'n' at row 1",
    "Incorrect integer value: '***' for column 'n' at row 1",
  ],
  [
    "Incorrect integer value: 'x' for column `db`.`t`.`n` at row 12",
    "Incorrect integer value: '***' for column `db`.`t`.`n` at row 12",
  ],
  ["Truncated incorrect DOUBLE value: 'x'", "Truncated incorrect DOUBLE value: '***'"],
  ["Data too long for column 'c' at row 1", "Data too long for column '***' at row 1"],
  [
    "You have an error in your SQL syntax; check the manual near 'a' for key 'secret'' at line 1",
    "You have an error in your SQL syntax; check the manual near '***' at line 1",
  ],
  ['Table has no partition for value 4711', 'Table has no partition for value ?'],
  [
    'Longitude 200.5 is out of range in function st_geomfromtext. It must be within (-180.0, 180.0].',
    'Longitude ? is out of range in function st_geomfromtext. It must be within (?, ?].',
  ],
  ["Can't find record in 'secret'", "Can't find record in '***'"],
] as const) {
  test(message.slice(0, 70), () => {
    assert.equal(messageOf(message), masked);
  });
}

test('what the system says of a connection keeps its address', () => {
  const message = 'connect ECONNREFUSED 127.0.0.1:5432';
  assert.equal(messageOf(message, 'ECONNREFUSED'), message);
});

test('an error about names keeps them, but for the values of a key', () => {
  const namesOnly = new Set(['23505']);
  const message = 'duplicate key value violates unique constraint "users_2"';
  assert.equal(messageOf(message, '23505', namesOnly), message);
  assert.equal(
    messageOf(`${message}: Key (email)=(a@b.c) already exists.`, '23505', namesOnly),
    `${message}: Key (email)=(***) already exists.`,
  );
});
