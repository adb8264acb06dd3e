import { setTimeout as delay } from 'node:timers/promises';

import type { Collection, Db, MongoClient, ObjectId } from 'mongodb';

import type { Event } from '../trace/event.js';
import { isUuid, loadCrypto } from '../trace/ids.js';
import { parseEvent, parseTimestamp } from '../trace/parse.js';
import { loadClient } from './client.js';
import { masked, schemeOf } from './connection-string.js';
import {
  type Driver,
  DriverError,
  type DriverSettings,
  type Line,
  type TraceSummary,
  WriteError,
} from './driver.js';
import { failedStop } from './failed.js';
import { readEvent } from './read-event.js';

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
/** MongoDB's own limit. */
const maxDocumentBytes = 16 * 2 ** 20;

const duplicateKey = 11_000;
/** Errors that a document brings about by itself: MongoDB's names are in the comments. */
const refusals: ReadonlySet<unknown> = new Set([
  2, // BadValue
  9, // FailedToParse
  14, // TypeMismatch
  15, // Overflow: nested too deep
  22, // InvalidBSON
  52, // DollarPrefixedFieldName, before MongoDB 5
  55, // InvalidDBRef
  56, // EmptyFieldName
  57, // DottedFieldName
  121, // DocumentValidationFailure
  10_334, // BSONObjectTooLarge
  17_280, // KeyTooLong
]);

interface StoredEvent extends Event {
  readonly _id: ObjectId;
}

type Mongo = typeof import('mongodb');

/**
 * Opens MongoDB in OSProfiler's layout: a document for each event.
 *
 * @param connectionString one of MongoDB's own, `mongodb://` or `mongodb+srv://`
 */
export function openMongodbDriver(connectionString: string, settings: DriverSettings): Driver {
  const scheme = schemeOf(connectionString);
  const name = `MongoDB at ${masked(connectionString)}`;
  let client: MongoClient | undefined;

  function connected(): { readonly mongo: Mongo; readonly db: Db } {
    const mongo = loadClient<Mongo>('mongodb', scheme);
    try {
      client ??= new mongo.MongoClient(connectionString, optionsFor(connectionString));
    } catch (error) {
      throw failed('use', error, true);
    }
    // It connects with the first command, and again after errors.
    return { mongo, db: client.db(database) };
  }

  /** An error as people are to see it. */
  function failed(verb: string, error: unknown, isCertain = false): DriverError {
    if (error instanceof DriverError) return error;
    const { message = String(error) } = error as { message?: string };
    // MongoDB's parser quotes what it can't read.
    const reason = message.replaceAll(connectionString, masked(connectionString));
    return new DriverError(`cannot ${verb} ${name}: ${reason}`, {
      cause: error,
      // Without a server nothing was sent.
      isCertain: isCertain || (error instanceof Error && error.name === 'MongoServerSelectionError'),
    });
  }

  async function reading<Result>(use: (db: Db) => Promise<Result>): Promise<Result> {
    try {
      return await use(connected().db);
    } catch (error) {
      throw failed('read', error);
    }
  }

  return {
    async write(lines) {
      if (lines.length === 0) return;
      try {
        const { mongo, db } = connected();
        const failure = await insert(mongo, db.collection<StoredEvent>(eventsName), lines);
        if (settings.filterErrorTrace) await mark(db, lines);
        if (failure === undefined) return;
        const { refused, again } = failure;
        throw new WriteError(`cannot write all to ${name}: ${failure.message}`, refused, again, {
          cause: failure,
        });
      } catch (error) {
        throw failed('write to', error);
      }
    },

    list: () =>
      reading(async (db) => {
        const texts = { base_id: { $type: 'string' }, timestamp: { $type: 'string' } };
        const first = { _id: '$base_id', timestamp: { $min: '$timestamp' } };
        const rename = { _id: 0, base_id: '$_id', timestamp: 1 };
        const stages = [{ $match: texts }, { $group: first }, { $project: rename }];
        return summaries(await db.collection(eventsName).aggregate(stages, { allowDiskUse: true }).toArray());
      }),

    listErrors: () =>
      reading(async (db) => {
        const projection = { _id: 0, base_id: 1, timestamp: 1 };
        return summaries(await db.collection(errorsName).find({}, { projection }).toArray());
      }),

    read: (base_id) =>
      reading(async (db) => {
        const found = db.collection(eventsName).find({ base_id }, { projection: { _id: 0 } });
        const events: Event[] = [];
        let skipped = 0;
        for await (const document of found) {
          const event = readEvent(document);
          if (event === undefined) skipped++;
          else events.push(event);
        }
        return events.length + skipped === 0 ? undefined : { events, skipped };
      }),

    check: () =>
      reading(async (db) => {
        const count = await db.collection(eventsName).estimatedDocumentCount();
        return `${count} ${count === 1 ? 'event' : 'events'} in ${database}.${eventsName} of ${name}`;
      }),

    async close() {
      const closing = client;
      client = undefined;
      // A server that does not answer is waited for otherwise.
      const controller = new AbortController();
      const timeout = delay(closeTimeoutMs, undefined, { signal: controller.signal });
      await Promise.race([closing?.close().catch(() => {}), timeout.catch(() => {})]);
      controller.abort();
    },
  };
}

function optionsFor(connectionString: string): Record<string, number | string | boolean> {
  const given = new URLSearchParams(/\?(.*)$/s.exec(connectionString)?.[1]);
  const names = new Set([...given.keys()].map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => !names.has(key.toLowerCase())));
}

/**
 * Stores lines under ids that are made of them, so that a line that is there already is not stored again.
 *
 * @returns what is not stored, if anything
 * @throws what the client library throws when nothing is known of single lines
 */
async function insert(
  mongo: Mongo,
  collection: Collection<StoredEvent>,
  lines: readonly Line[],
): Promise<WriteError | undefined> {
  const given = lines.flatMap((line) => {
    const document = documentOf(mongo, line);
    return document === undefined ? [] : [{ line, document }];
  });
  let refused = lines.length - given.length;
  let reason = 'some have no form in BSON';
  const again: Line[] = [];
  try {
    const documents = given.map(({ document }) => document);
    if (documents.length > 0) await collection.insertMany(documents, { ordered: false });
  } catch (error) {
    if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
    const unreplicated = error.result.getWriteConcernError();
    if (unreplicated === undefined && [error.writeErrors].flat().length === 0) {
      // One of the network, which the client library has wrapped.
      throw error.errorResponse instanceof Error ? error.errorResponse : error;
    }
    const wrong = error.result.getWriteErrors().filter(({ code }) => code !== duplicateKey);
    refused += wrong.filter(({ code }) => refusals.has(code)).length;
    reason = wrong[0]?.errmsg ?? error.message;
    if (unreplicated === undefined) {
      again.push(...wrong.filter(({ code }) => !refusals.has(code)).map(({ index }) => given[index]!.line));
    } else {
      // Stored, but not by as many servers as the URL asks for.
      const lost = new Set(wrong.filter(({ code }) => refusals.has(code)).map(({ index }) => index));
      again.push(...given.filter((_, index) => !lost.has(index)).map(({ line }) => line));
    }
  }
  return refused + again.length === 0 ? undefined : new WriteError(reason, refused, again);
}

/** The document of a line; undefined where there can be none. */
function documentOf(mongo: Mongo, { text }: Line): StoredEvent | undefined {
  const event = parseEvent(text);
  if (event === undefined) return undefined;
  const _id = new mongo.ObjectId(loadCrypto().createHash('sha256').update(text).digest().subarray(0, 12));
  const document = { _id, ...event };
  // A key with a NUL, or too large a document, would cost the whole batch.
  const isSuspect = text.includes('\\u0000') || text.length > maxDocumentBytes / 16;
  return isSuspect && !fits(mongo, document) ? undefined : document;
}

function fits(mongo: Mongo, document: StoredEvent): boolean {
  try {
    return mongo.BSON.serialize(document).length <= maxDocumentBytes;
  } catch {
    return false;
  }
}

/** Keeps a document for each trace with a failed point, with the time of the last failure. */
async function mark(db: Db, lines: readonly Line[]): Promise<void> {
  const failures = new Map<string, TraceSummary>();
  for (const { text } of lines) {
    const event = failedStop(text);
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

/** What is known of traces, newest first; what else somebody has stored there is left out. */
function summaries(documents: readonly Readonly<Record<string, unknown>>[]): TraceSummary[] {
  return documents
    .flatMap(({ base_id, timestamp }) => {
      const micros = typeof timestamp === 'string' ? parseTimestamp(timestamp) : undefined;
      if (micros === undefined || !isUuid(base_id)) return [];
      return [{ base_id, timestamp: timestamp as string, micros }];
    })
    .toSorted((a, b) => b.micros - a.micros || (a.base_id < b.base_id ? -1 : 1))
    .map(({ base_id, timestamp }) => ({ base_id, timestamp }));
}
