import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Dialect, maskLiterals } from '../src/redaction/sql.js';

const cases: readonly (readonly [Dialect, statement: string, masked: string])[] = [
  ['postgresql', "select * from t where a = 'x' and b = 1", 'select * from t where a = ? and b = ?'],
  [
    'postgresql',
    'select $1::int, t1.c2 from t1 where "my ""1"" col" = 2.5e-3',
    'select $1::int, t1.c2 from t1 where "my ""1"" col" = ?',
  ],
  ['postgresql', "select 'it''s', 'a\\', 'b'", 'select ?, ?'],
  ['postgresql', "select E'it\\'s', e'x', name 'y'", 'select ?, ?, name ?'],
  ['postgresql', "select U&'d\\0061t', B'01', x'1F', N'n'", 'select ?, ?, ?, ?'],
  ['postgresql', "select $$it's $1$$, $tag$a $$ b$tag$, $1", 'select ?, ?, $1'],
  ['postgresql', 'select $A$x$a$ hunter2 $A$, 1', 'select ?, ?'],
  ['postgresql', "select 1 -- it's 'secret'\n, 2 /* a 'b' /* c */ d */ , 3", 'select ?  \n, ?   , ?'],
  ['postgresql', "select 'never closed; drop table x", 'select ?'],
  ['postgresql', 'select $$never closed', 'select ?'],
  [
    'postgresql',
    'select 0x1F, 1_000, .5, 10e10, -7 limit 10 offset 5',
    'select ?, ?, ?, ?, -? limit ? offset ?',
  ],
  [
    'postgresql',
    "select date '2026-01-01', interval '1 day', array[1,2], true, null",
    'select date ?, interval ?, array[?,?], true, null',
  ],
  ['postgresql', 'select größe from straße where straße2 = 3', 'select größe from straße where straße2 = ?'],
  ['postgresql', "select data->>'email' from u", 'select data->>? from u'],
  [
    'mysql',
    'select "a", \'b\', `c"1` from `t 1` where d = "it\\"s"',
    'select ?, ?, `c"1` from `t 1` where d = ?',
  ],
  ['mysql', "select \"say \"\"x\"\"\", 'a''b', 'a\\\\', 'it\\'s', c", 'select ?, ?, ?, ?'],
  ['mysql', "select _utf8mb4'x', x'4D', 0x4D, b'1', N'y'", 'select ?, ?, ?, ?, ?'],
  ['mysql', "select 1 # it's\n, 2 -- 'x'\n, 3 /* 'y' /* */ , 4", 'select ?  \n, ?  \n, ?   , ?'],
  [
    'mysql',
    'select ?, :name, @v1 from t where id in (1, 2)',
    'select ?, :name, @v1 from t where id in (?, ?)',
  ],
  // Literals of a server with NO_BACKSLASH_ESCAPES, or with standard_conforming_strings off.
  ['mysql', "select a from t where b = 'x\\' and c = 'secret'", 'select a from t where b = ?'],
  ['mysql', 'select a from t where b = "x\\" and c = "secret"', 'select a from t where b = ?'],
  ['postgresql', "select a from t where b = 'x\\' or c = 'secret'", 'select a from t where b = ?'],
  ['postgresql', "select 'C:\\dir\\x', b, U&'\\0061'", 'select ?, b, ?'],
  // A constant goes on in the next line, as one with escapes if it began so.
  ['postgresql', "select E'a'\n'b\\'secret', 'c', d", 'select ?\n?'],
  ['mysql', "select 5--'x\ny secret', 6", 'select ?--?, ?'],
  ['mysql', "select 5 --\t'x'\n, 6 --", 'select ?  \n, ?  '],
  ['mysql', "select a /*! , 'b*/secret' */ from t", 'select a ?'],
  ['mysql', "select a /*M!100100 , 'b*/secret' */ from t", 'select a ?'],
  ['mysql', 'select "never closed', 'select ?'],
  ['mysql', '', ''],
];

for (const [dialect, statement, masked] of cases) {
  test(`${dialect}: ${statement.slice(0, 60).replaceAll('\n', ' ')}`, () => {
    assert.equal(maskLiterals(statement, dialect), masked);
    assert.equal(maskLiterals(masked, dialect), masked, 'masked twice');
  });
}

test('of a long statement the beginning is given, and no half of a literal', () => {
  for (const dialect of ['postgresql', 'mysql'] as const) {
    for (const ahead of ['', ' ', '  ', '   ']) {
      const long = `insert into t values (${ahead}${"'secret', ".repeat(10_000)}1)`;
      const masked = maskLiterals(long, dialect);
      assert.match(masked, /^insert into t values \( *(?:\?, )+\??,?… \(\d+ characters\)$/);
      assert.ok(masked.endsWith(` (${long.length} characters)`));
    }
  }
});

test('a statement of a megabyte is masked, whatever it is made of', () => {
  for (const piece of ["'", '"', '$', '$a', '/*', '--', "E'", '\\', '1e', '`', "''", '$a$', 'a', '. ']) {
    const long = `select ${piece.repeat(Math.ceil(1e6 / piece.length))}`;
    for (const dialect of ['postgresql', 'mysql'] as const) {
      assert.ok(maskLiterals(long, dialect).length <= long.length + 1, `${dialect}: ${piece}`);
    }
  }
});
