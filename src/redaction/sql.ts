// Masks the literals of SQL statements before they are recorded.
import type { Info } from '../trace/event.js';
import { cut, failure } from '../trace/info.js';
import { maskMessage, maskTuples } from './sql-errors.js';

// Masks what a statement says literally: names, e-mail addresses, tokens. Each expression below matches its part of
// the text in one way only, so nothing is read twice, whatever the text is.

export type Dialect = 'postgresql' | 'mysql';

// Kept as texts, and compiled when the first statement is masked: V8 would read literals together with the code
// that contains them, and their sets of Unicode take it a millisecond.
const { raw } = String;

// A quote without its end is masked up to the end of the text. So is everything behind a backslash before a quote.
// Whether that quote ends the literal depends on a setting of the server that nothing tells (MySQL's
// NO_BACKSLASH_ESCAPES, PostgreSQL's standard_conforming_strings), and what follows may be the inside of a literal.
const string = raw`'(?:[^'\\]|''|\\(?!')[^])*(?:'|\\'[^]*|\\?$)`;
const doubleString = raw`"(?:[^"\\]|""|\\(?!")[^])*(?:"|\\"[^]*|\\?$)`;
// Only PostgreSQL's `E''` is always read in one way.
const escapedString = raw`'(?:[^'\\]|''|\\[^]|\\$)*(?:'|$)`;
const dollarString = raw`(?<tag>\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[^]*?(?:\k<tag>|$)`;
const number = raw`\.?\d[\p{L}\p{N}_.]*(?:(?<=[eE])[+-]\d[\d_]*)?`;
// Looks like a comment and may be run: that depends on the server's version.
const mysqlCode = raw`\/\*M?![^]*`;
// With nothing behind them, these are two signs: `5--'text'` contains no comment.
const mysqlDashes = raw`--(?=[\0- \x7f]|$)`;
const word = raw`[$:@]?[\p{L}_][\p{L}\p{N}_$]*|\$\d+`;
const postgresqlName = raw`"(?:[^"]|"")*(?:"|$)`;
const mysqlName = '`(?:[^`]|``)*(?:`|$)';

const sources: Readonly<Record<Dialect, string>> = {
  postgresql:
    `(?<literal>[eE]${escapedString}|(?:[bBxXnN]|[uU]&)?${string}|${dollarString}|${number})|` +
    `(?<comment>--[^\\n]*|/\\*)|(?<name>${postgresqlName}|${word})`,
  mysql:
    `(?<literal>(?:[bBxXnN]|_\\w+\\s*)?${string}|${doubleString}|${mysqlCode}|${number})|` +
    `(?<comment>${mysqlDashes}[^\\n]*|#[^\\n]*|/\\*)|(?<name>${mysqlName}|${word})`,
};
const tokens = new Map<Dialect, RegExp>();

function tokensOf(dialect: Dialect): RegExp {
  let expression = tokens.get(dialect);
  if (expression === undefined) {
    expression = new RegExp(sources[dialect], 'gu');
    tokens.set(dialect, expression);
  }
  return expression;
}

// Only a little is kept of an info that is longer than twice this. An `INSERT` of megabytes took its request a
// second.
const maxStatementLength = 16 * 1024;
const maskable = /['"$#\d]|--|\/\*/;

/**
 * A statement with its literals replaced by `?` and without its comments. Placeholders, names, keywords and
 * operators stay. If the statement is long, only its beginning is read and returned, with its whole length in
 * characters.
 */
export function maskLiterals(sql: string, dialect: Dialect): string {
  return sql.length <= maxStatementLength
    ? masked(sql, dialect)
    : `${masked(sql.slice(0, maxStatementLength), dialect)}… (${sql.length} characters)`;
}

function masked(sql: string, dialect: Dialect): string {
  // Most statements of services consist of names and placeholders.
  if (!maskable.test(sql)) return sql;
  const token = tokensOf(dialect);
  let out = '';
  let from = 0;
  token.lastIndex = 0;
  for (let match = token.exec(sql); match !== null; match = token.exec(sql)) {
    const { literal, comment } = match.groups!;
    if (literal === undefined && comment === undefined) continue;
    out += sql.slice(from, match.index) + (comment === undefined ? '?' : ' ');
    from = comment === '/*' ? commentEnd(sql, match.index, dialect) : token.lastIndex;
    token.lastIndex = from;
  }
  return from === 0 ? sql : out + sql.slice(from);
}

/** PostgreSQL's comments nest. */
function commentEnd(sql: string, start: number, dialect: Dialect): number {
  const edge = dialect === 'postgresql' ? /\/\*|\*\//g : /\*\//g;
  edge.lastIndex = start + 2;
  let depth = 1;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

/**
 * Describes a database's error for the stop of a point. Databases repeat the values that they refuse. Unless the
 * parameters are asked for, these values are masked.
 *
 * @param namesOnly codes of errors that quote names of tables, columns and the like, and no values
 */
export function databaseFailure(
  error: unknown,
  namesOnly: ReadonlySet<string>,
  { traceSqlParams }: { readonly traceSqlParams: boolean },
): Info {
  const info = failure(error);
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (traceSqlParams || typeof message !== 'string') return info;
  // Masked as a whole message: after `failure` has cut it, a closing quote may be missing.
  const text = namesOnly.has(String(code)) ? maskTuples(message) : maskMessage(message, !isSystems(code));
  // Only the beginning of each part of a long message was read.
  return { ...info, message: cut(text, undefined, message.length) };
}

/** Whether an error is the operating system's or Node's own. Its message names an address, a port or a path. */
function isSystems(code: unknown): boolean {
  return typeof code === 'string' && /^(?:E[A-Z]+|ERR_\w+)$/.test(code);
}
