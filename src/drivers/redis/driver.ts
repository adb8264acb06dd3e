// Redis in OSProfiler's layout: a list of events for each trace, and a string for each failed one.
import { randomUUID } from 'node:crypto';

import { count } from '../../trace/count.js';
import type { Event } from '../../trace/event.js';
import { isUuid } from '../../trace/ids.js';
import { parseEvent } from '../../trace/parse.js';
import { type Driver, type DriverSettings, type StoredTrace, WriteError } from '../driver.js';
import { answerBytes } from '../intake.js';
import { type RedisConnection, openRedisConnection, refusal } from './connection.js';
import { parseRedisUrl } from './url.js';
import type { Command } from './resp.js';
import { type Line, linesByTrace } from '../line.js';
import { newestFirst } from '../trace-list.js';

/** A list for each trace, its newest event first. */
const listKey = 'osprofiler_opt:';
/** A string for each failed trace. */
const errorKey = 'osprofiler_error:';
/** A string for each event: the layout of OSProfiler before 2.0. */
const oldKey = 'osprofiler:';

const keysPerScan = 1000;
// What was stored a moment ago is near the head of its list; a look must not hold the server up.
const lookedAt = 10_000;

/**
 * Opens a Redis, or the master that sentinels name, in OSProfiler's layout.
 *
 * @param connectionString as `parseRedisUrl` takes it
 */
export function openRedisDriver(connectionString: string, settings: DriverSettings): Driver {
  const parsed = parseRedisUrl(connectionString);
  const redis = openRedisConnection(parsed);

  return {
    async write(lines, batch = {}) {
      redis.expect(answerBytes.write);
      const traces = linesByTrace(batch.isRepeated === true ? await missing(redis, lines) : lines);
      let refused = 0;
      for (const [base_id, own] of traces) {
        if (isUuid(base_id)) continue;
        refused += own.length;
        traces.delete(base_id);
      }
      const outcome = await store(redis, traces, settings);
      refused += outcome.refused;
      if (refused === 0) return;
      throw new WriteError(outcome.why ?? 'an event without a trace id was dropped', refused, [], {
        isCertain: true,
      });
    },

    async list() {
      redis.expect(answerBytes.read);
      const lists = await keysOf(redis, listKey);
      const old = await keysOf(redis, oldKey);
      const events = [
        ...(await firstEvents(redis, lists)),
        ...(await values(redis, old)).map((text) => parseEvent(text)),
      ];
      return newestFirst(events.filter((event) => event !== undefined));
    },

    // Only a trace's beginning is looked at, as written by us: ids that are not in lower case are in the whole list.
    async find(beginning) {
      const events = await firstEvents(redis, await keysOf(redis, listKey + beginning));
      return newestFirst(events.filter((event) => event !== undefined));
    },

    async listErrors() {
      redis.expect(answerBytes.read);
      const entries = await values(redis, await keysOf(redis, errorKey));
      return newestFirst(entries.map(errorEntry).filter((entry) => entry !== undefined));
    },

    async read(base_id) {
      if (!isUuid(base_id)) return undefined;
      redis.expect(answerBytes.read);
      const [texts] = await sendAll(redis, [['LRANGE', listKey + base_id, '0', '-1']]);
      // Newest first, as OSProfiler reads it: that orders what its report shows of the same millisecond.
      const list: readonly unknown[] = Array.isArray(texts) ? texts : [];
      // Nothing has written the old layout for years, and to look for it means to go through all keys.
      const found = list.length > 0 ? list : await values(redis, await keysOf(redis, oldKey + base_id));
      return found.length === 0 ? undefined : traceOf(base_id, found);
    },

    async check() {
      redis.expect(answerBytes.read);
      const key = `osprofiler_check:${randomUUID()}`;
      await atomically(redis, [
        ['LPUSH', key, ''],
        ['DEL', key],
      ]);
      const { length } = await keysOf(redis, listKey);
      return `${count(length, 'trace')} in database ${parsed.database} of ${redis.label()}`;
    },

    close: () => redis.close(),
  };
}

/** Stores what may be stored, all in one transaction. */
async function store(
  redis: RedisConnection,
  lines: ReadonlyMap<string, readonly Line[]>,
  { keepFor, filterErrorTrace }: DriverSettings,
): Promise<{ refused: number; why?: string }> {
  const traces = [...lines];
  if (traces.length === 0) return { refused: 0 };
  const pushes = traces.map(([base_id, own]) => {
    const push = own.map(({ text }) => text); // no literal either, as in `linesByTrace`
    push.unshift('LPUSH', listKey + base_id);
    return push;
  });
  const failed = filterErrorTrace
    ? traces.flatMap(([, own]) => own.map((line) => line.failedStop)).filter((event) => event !== undefined)
    : [];
  const marks = failed.map(({ base_id, timestamp }) => [
    'SET',
    errorKey + base_id,
    `{"base_id": ${JSON.stringify(base_id)}, "timestamp": ${JSON.stringify(timestamp)}}`,
  ]);
  const limits =
    keepFor === undefined ? [] : [...pushes, ...marks].map(([, key]) => ['EXPIRE', key!, String(keepFor)]);
  const replies = await atomically(redis, [...pushes, ...marks, ...limits]);
  const refusedBy = replies
    .slice(0, traces.length)
    .map((reply) => (reply instanceof Error ? reply : undefined));
  const first = refusedBy.find((error) => error !== undefined);
  if (first === undefined) return { refused: 0 };
  const refused = traces.reduce((sum, [, own], i) => sum + (refusedBy[i] === undefined ? 0 : own.length), 0);
  return { refused, why: refusal(redis.label(), first).message };
}

/** Runs all commands or none; a reply may be an Error, where a key holds something of another type. */
async function atomically(redis: RedisConnection, commands: readonly Command[]): Promise<unknown[]> {
  const replies = await redis.send([['MULTI'], ...commands, ['EXEC']]);
  const replied: unknown = replies.at(-1);
  if (Array.isArray(replied)) return replied as unknown[];
  const why = replies.find((reply) => reply instanceof Error) ?? new Error('the transaction was discarded');
  // The former master is a replica now: the next attempt may find the new one.
  if (why.message.startsWith('READONLY')) redis.drop();
  throw refusal(redis.label(), why);
}

/** The lines that are not in the store. */
async function missing(redis: RedisConnection, lines: readonly Line[]): Promise<Line[]> {
  const replies = await redis.send(
    lines.map(({ base_id, text }) => ['LPOS', listKey + base_id, text, 'MAXLEN', String(lookedAt)]),
  );
  // An error, too: before Redis 6.0.6 there is no LPOS, and so no way to know.
  return lines.filter((_line, i) => typeof replies[i] !== 'number');
}

/** What is in the list of failed traces for one; undefined when it is no such entry. */
function errorEntry(text: string): { base_id: unknown; timestamp: unknown } | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    return typeof entry === 'object'
      ? ((entry as { base_id: unknown; timestamp: unknown }) ?? undefined)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The keys that start so, found without holding up the server. */
async function keysOf(redis: RedisConnection, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const command = ['SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', String(keysPerScan)];
    const [reply] = await sendAll(redis, [command]);
    const [next, found] = reply as [string, string[]];
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...keys];
}

/** The event of each list that was stored first. */
async function firstEvents(redis: RedisConnection, keys: readonly string[]): Promise<(Event | undefined)[]> {
  const events: (Event | undefined)[] = [];
  for (const some of chunks(keys)) {
    const replies = await redis.send(some.map((key) => ['LRANGE', key, '-1', '-1']));
    for (const [i, reply] of replies.entries()) {
      const event = Array.isArray(reply) ? parseEvent(String(reply[0])) : undefined;
      events.push(event?.base_id === some[i]!.slice(listKey.length) ? event : undefined);
    }
  }
  return events;
}

/** The strings that the keys hold. */
async function values(redis: RedisConnection, keys: readonly string[]): Promise<string[]> {
  const texts: string[] = [];
  for (const some of chunks(keys)) {
    const [reply] = await sendAll(redis, [['MGET', ...some]]);
    texts.push(...(reply as (string | null)[]).filter((text) => text !== null));
  }
  return texts;
}

function* chunks(keys: readonly string[]): Generator<readonly string[]> {
  for (let i = 0; i < keys.length; i += keysPerScan) yield keys.slice(i, i + keysPerScan);
}

function traceOf(base_id: string, texts: readonly unknown[]): StoredTrace {
  const parsed = texts.map((text) => parseEvent(String(text)));
  const events = parsed.filter((event) => event?.base_id === base_id) as Event[];
  return { events, skipped: texts.length - events.length };
}

/** Replies of which none is an Error, but for keys of another type, whose reply is undefined. */
async function sendAll(redis: RedisConnection, commands: readonly Command[]): Promise<unknown[]> {
  const replies = await redis.send(commands);
  return replies.map((reply) => {
    if (!(reply instanceof Error)) return reply;
    if (reply.message.startsWith('WRONGTYPE')) return undefined;
    throw refusal(redis.label(), reply);
  });
}
