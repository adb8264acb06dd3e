// MongoDB in OSProfiler's layout: a document for each event, and one for each failed trace.
import type { Db, MongoClient } from 'mongodb';

import type { Event } from '../../trace/event.js';
import { count } from '../../trace/count.js';
import { messageOf } from '../../trace/notice.js';
import { parseEvent } from '../../trace/parse.js';
import { loadClient } from '../load-peer.js';
import { masked, schemeOf } from '../connection-string.js';
import { decoded } from '../decoded.js';
import { type Driver, DriverError, type DriverSettings, type TraceSummary, WriteError } from '../driver.js';
import { answerBytes } from '../intake.js';
import { boundSockets } from '../intake-within.js';
import { type Mongo, type StoredEvent, insert } from './insert.js';
import type { Line } from '../line.js';
import { newestFirst } from '../trace-list.js';
import { endedWithin } from '../within.js';

// OSProfiler's names; it does not look at the database that a URL may name.
const database = 'osprofiler';
const eventsName = 'profiler';
const errorsName = 'profiler_error';

/** What holds where the URL says nothing else. Who writes tries again by itself; who reads is told. */
const defaults: Readonly<Record<string, number | string | boolean>> = {
  appName: 'ostrace',
  connectTimeoutMS: 5000,
  maxAdaptiveRetries: 0,
  maxPoolSize: 2,
  retryReads: false,
  retryWrites: false,
  serverSelectionTimeoutMS: 5000,
  socketTimeoutMS: 25_000,
  waitQueueTimeoutMS: 5000,
};
const closeTimeoutMs = 500;

/**
 * Opens MongoDB in OSProfiler's layout: a document for each event.
 *
 * @param connectionString one of MongoDB's own, `mongodb://` or `mongodb+srv://`
 */
export function openMongodbDriver(connectionString: string, settings: DriverSettings): Driver {
  const scheme = schemeOf(connectionString);
  const name = `MongoDB at ${masked(connectionString)}`;
  let client: MongoClient | undefined;
  const bounds = boundSockets();

  function connected(): { readonly mongo: Mongo; readonly db: Db } {
    const mongo = loadClient<Mongo>('mongodb', scheme);
    try {
      client ??= new mongo.MongoClient(connectionString, optionsFor(connectionString));
    } catch (error) {
      throw failed(
        'use',
        new Error(withoutParts(connectionString, messageOf(error)), { cause: error }),
        true,
      );
    }
    // It connects with the first command, and again after errors.
    return { mongo, db: client.db(database) };
  }

  /** An error as people are to see it. */
  function failed(verb: string, error: unknown, isCertain = false): DriverError {
    if (error instanceof DriverError) return error;
    const { message = String(error) } = error as { message?: string };
    return new DriverError(`cannot ${verb} ${name}: ${message}`, {
      cause: error,
      // Without a server nothing was sent.
      isCertain: isCertain || (error instanceof Error && error.name === 'MongoServerSelectionError'),
    });
  }

  async function reading<Result>(use: (db: Db) => Promise<Result>): Promise<Result> {
    try {
      return await bounds.within(answerBytes.read, async () => use(connected().db));
    } catch (error) {
      throw failed('read', error);
    }
  }

  return {
    async write(lines) {
      if (lines.length === 0) return;
      try {
        const failure = await bounds.within(answerBytes.write, async () => {
          const { mongo, db } = connected();
          const refused = await insert(mongo, db.collection<StoredEvent>(eventsName), lines);
          if (settings.filterErrorTrace) await mark(db, lines);
          return refused;
        });
        if (failure === undefined) return;
        const { refused, again } = failure;
        throw new WriteError(`cannot write all to ${name}: ${failure.message}`, refused, again, {
          cause: failure,
        });
      } catch (error) {
        throw failed('write to', error);
      }
    },

    list: () => reading((db) => traces(db, [])),

    // The server goes through all events for it, and sends no more than these.
    newest: (wanted) =>
      reading(async (db) => ({
        traces: await traces(db, [{ $sort: { timestamp: -1 } }, { $limit: wanted }]),
        total: undefined,
      })),

    listErrors: () =>
      reading(async (db) => {
        const projection = { _id: 0, base_id: 1, timestamp: 1 };
        return newestFirst(await db.collection<TraceSummary>(errorsName).find({}, { projection }).toArray());
      }),

    read: (base_id) =>
      reading(async (db) => {
        const found = db.collection(eventsName).find({ base_id }, { projection: { _id: 0 } });
        const events: Event[] = [];
        let skipped = 0;
        for await (const document of found) {
          const event = eventOfDocument(document);
          if (event === undefined) skipped++;
          else events.push(event);
        }
        return events.length + skipped === 0 ? undefined : { events, skipped };
      }),

    check: () =>
      reading(async (db) => {
        const size = await db.collection(eventsName).estimatedDocumentCount();
        return `${count(size, 'event')} in ${database}.${eventsName} of ${name}`;
      }),

    async close() {
      const closing = client;
      client = undefined;
      // Without a limit it waits for a server that does not answer.
      if (closing !== undefined) await endedWithin(closeTimeoutMs, closing.close());
    },
  };
}

/** @param more what the server does with the list of all traces */
async function traces(db: Db, more: readonly object[]): Promise<readonly TraceSummary[]> {
  const texts = { base_id: { $type: 'string' }, timestamp: { $type: 'string' } };
  const first = { _id: '$base_id', timestamp: { $min: '$timestamp' } };
  const rename = { _id: 0, base_id: '$_id', timestamp: 1 };
  const stages = [{ $match: texts }, { $group: first }, { $project: rename }, ...more];
  const found = db
    .collection<TraceSummary>(eventsName)
    .aggregate<TraceSummary>(stages, { allowDiskUse: true });
  return newestFirst(await found.toArray());
}

function optionsFor(connectionString: string): Record<string, number | string | boolean> {
  const given = new URLSearchParams(/\?(.*)$/s.exec(connectionString)?.[1]);
  const names = new Set([...given.keys()].map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => !names.has(key.toLowerCase())));
}

/** By way of JSON: a document may hold BSON's own types. Undefined for no event, and for one nested too deep for JSON. */
function eventOfDocument(document: object): Event | undefined {
  try {
    return parseEvent(JSON.stringify(document));
  } catch {
    return undefined;
  }
}

/** Keeps a document for each trace with a failed point, with the time of the last failure. */
async function mark(db: Db, lines: readonly Line[]): Promise<void> {
  const failures = new Map<string, TraceSummary>();
  for (const { failedStop: event } of lines) {
    if (event !== undefined) {
      failures.set(event.base_id, { base_id: event.base_id, timestamp: event.timestamp });
    }
  }
  if (failures.size === 0) return;
  const updates = Array.from(failures.values(), (replacement) => ({
    replaceOne: { filter: { base_id: replacement.base_id }, replacement, upsert: true },
  }));
  await db.collection<TraceSummary>(errorsName).bulkWrite(updates, { ordered: false });
}

/** MongoDB's parser quotes what it can't read: of a wrong string that may be any part of a password. */
function withoutParts(connectionString: string, message: string): string {
  const [, authority = '', query = ''] = /^[^:]*:\/\/([^?]*)\??(.*)$/s.exec(connectionString) ?? [];
  const values = query.split('&').map((each) => each.slice(each.indexOf('=') + 1));
  const parts = [authority, ...authority.split(/[:@,/]/), ...values].flatMap((part) => [part, decoded(part)]);
  return parts
    .filter((part) => part.length > 2)
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, part) => text.replaceAll(part, '***'), message);
}
