// How events become documents, and what is known of a batch that MongoDB did not take as a whole.
import { createHash } from 'node:crypto';

import type { Collection, ObjectId } from 'mongodb';

import type { Event } from '../../trace/event.js';
import { WriteError } from '../driver.js';
import type { Line } from '../line.js';

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

export interface StoredEvent extends Event {
  readonly _id: ObjectId;
}

export type Mongo = typeof import('mongodb');

/**
 * Stores lines under ids that are made of them, so that a line that is there already is not stored again.
 *
 * @returns what is not stored, if anything
 * @throws what the client library throws when nothing is known of single lines
 */
export async function insert(
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
function documentOf(mongo: Mongo, { text, event }: Line): StoredEvent | undefined {
  if (event === undefined) return undefined;
  const _id = new mongo.ObjectId(createHash('sha256').update(text).digest().subarray(0, 12));
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
