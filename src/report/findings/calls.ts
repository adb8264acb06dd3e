// Recognises calls: which of them are equal, which change nothing, and in which work they were made.
import { fact, textFact } from '../facts.js';
import { waitsIn } from '../waits.js';
import { whatOf } from '../what.js';
import { type Span, isWholeTrace } from '../analysis/span.js';

/** The points of the agent that wait for somebody else. */
const callNames: ReadonlySet<string> = new Set(['http', 'https', 'db', 'sql', 'rpc', 'command']);

/** Whether a point waits for somebody else: another process, a server, a command. */
export function isCall({ point }: Span): boolean {
  if (point.name !== 'rpc') return callNames.has(point.name);
  const kind = fact(point.startInfo, 'rpc', 'kind');
  return kind === 'client' || kind === 'producer';
}

/** Whether a point runs the application's code. */
export const isCode = (span: Span): boolean => !isCall(span) && span.point.name !== 'thread';

/** The statement of a call of a database, as far as it is recorded: of its own, or of the `sql` point below it. */
export function statementOf(span: Span): string {
  const own = textFact(span.point.startInfo, 'db', 'statement');
  if (own !== '') return own;
  const sql = span.children.find(({ point }) => point.name === 'sql');
  return sql === undefined ? '' : textFact(sql.point.startInfo, 'db', 'statement');
}

/** The time in which a call worked, without what it waited for. */
export function workTimeOf(span: Span): Pick<Span, 'from' | 'to'> {
  const sql = span.children.find(({ point }) => point.name === 'sql');
  return sql ?? { from: Math.min(span.to, span.from + waitsOf(span)), to: span.to };
}

/** How long a call worked, in microseconds. */
export function workOf(span: Span): number {
  const { from, to } = workTimeOf(span);
  return to - from;
}

/** What a call waited for before it began, in microseconds: that is a cause of its own. */
export const waitsOf = ({ point: { stopInfo } }: Span): number =>
  waitsIn(stopInfo).reduce((sum, { micros }) => sum + micros, 0);

/** What is known of a call's statement: its text, or else its first word. */
export const wordsOf = (span: Span): string =>
  statementOf(span) || textFact(span.point.startInfo, 'db', 'verb');

/** Statements that only prepare or end the work of others, and operations that hand out what others work with. */
const bookkeeping =
  /^\W*(?:begin|start|commit|rollback|savepoint|release|fetch|move|declare|close|set|prepare|deallocate|discard|use|multi|exec|select\s+1\s*;?$)\b/i;
const handling = /connect|prepare|read|fetch|begin|commit|rollback|ping|release|acquire|reserve|close|end$/i;

/** Whether a call of a database is no statement of the application's own. */
export function isBookkeeping(span: Span): boolean {
  const words = wordsOf(span);
  return words === ''
    ? handling.test(textFact(span.point.startInfo, 'db', 'operation'))
    : bookkeeping.test(words);
}

/** Whether a call gives its rows in pieces, as the application asks for them. */
export const isCursor = ({ point: { startInfo } }: Span): boolean =>
  textFact(startInfo, 'db', 'operation') === 'cursor';

/** One page after the other: each needs the end of the one before it. */
export function isPaging(call: Span): boolean {
  const statement = statementOf(call);
  if (statement === '') return fact(call.point.startInfo, 'db', 'paged') === true;
  return /\blimit\b/i.test(statement) && /\boffset\b|[<>]=?\s*(?:\?|\$\d|@|:)/i.test(statement);
}

/**
 * What equal calls share; undefined for what cannot be compared, such as the call of a database whose statement is not
 * recorded.
 */
export function keyOf(span: Span): string | undefined {
  span.key ??= findKey(span);
  return span.key === '' ? undefined : span.key;
}

function findKey(span: Span): string {
  const { point } = span;
  const { name, service } = point;
  const what = whatOf(point);
  if (name === 'db') {
    if (isBookkeeping(span)) return '';
    const fingerprint = textFact(point.startInfo, 'db', 'fingerprint');
    // A command of Redis is known by its name, also where its keys are not recorded.
    const isCommand = textFact(point.startInfo, 'db', 'system') === 'redis';
    if (statementOf(span) === '' && fingerprint === '' && !isCommand) return '';
    const sql = span.children.find((child) => child.point.name === 'sql');
    return [name, service, what, fingerprint, sql === undefined ? '' : whatOf(sql.point)].join('\0');
  }
  // The statement counts with the call that it is part of.
  if (what === '' || (name === 'sql' && span.parent?.point.name === 'db')) return '';
  if (!isCall(span) && (span.children.length > 0 || name === 'wsgi')) return '';
  return [name, service, what].join('\0');
}

/** The work that a call was made in: a request, the handling of a message, a thread or a process. */
export function scopeOf(span: Span): Span {
  // The way up is kept for all points on it: functions may be a thousand deep.
  let top = span;
  while (top.scope === undefined) {
    const { parent } = top;
    if (parent === undefined || isWholeTrace(parent)) top.scope = top;
    else if (isScope(parent)) top.scope = parent;
    else top = parent;
  }
  for (let each = span; each !== top; each = each.parent!) each.scope = top.scope;
  return top.scope;
}

/** Whether a point is a request, the handling of a message, a thread or a process. */
function isScope({ point: { name, startInfo } }: Span): boolean {
  if (name !== 'rpc') return name === 'wsgi' || name === 'thread_main' || name === 'process';
  const kind = fact(startInfo, 'rpc', 'kind');
  return kind === 'server' || kind === 'consumer';
}

const readingStatement = /^\W*(?:select|show|explain|values|table|describe|desc)\b/i;
const locking = /\bfor\s+(?:no\s+key\s+)?(?:update|share|key\s+share)\b|\binto\b/i;
const readingCommand =
  /^(?:get|mget|strlen|exists|ttl|pttl|type|hget|hmget|hgetall|hkeys|hvals|hlen|hexists|lrange|llen|lindex|smembers|sismember|scard|zrange|zrangebyscore|zrevrange|zscore|zcard|zrank|zcount|scan|hscan|sscan|zscan|keys|getrange|bitcount|getbit)\b/i;
const readingMethod = /(?:^|\/)(?:get|list|find|read|search|fetch|query|lookup|count|check|describe)[A-Z_]?/i;

/** Whether a call is known to change nothing. */
export function isRead(span: Span): boolean {
  const { name, startInfo } = span.point;
  if (name === 'http' || name === 'https')
    return /^(?:get|head)$/i.test(textFact(startInfo, 'requests', 'method'));
  if (name === 'rpc') {
    return (
      fact(startInfo, 'rpc', 'kind') === 'client' && readingMethod.test(textFact(startInfo, 'rpc', 'method'))
    );
  }
  if (name !== 'db') return false;
  if (textFact(startInfo, 'db', 'system') === 'redis') {
    return readingCommand.test(textFact(startInfo, 'db', 'operation'));
  }
  const statement = wordsOf(span);
  return readingStatement.test(statement) && !locking.test(statement) && !isPaging(span);
}
