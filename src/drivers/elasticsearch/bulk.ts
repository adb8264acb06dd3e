// Writes documents of Elasticsearch with its requests for many at a time.
import { createHash } from 'node:crypto';

import { DriverError } from '../driver.js';
import { membersOf, parseAnswer } from './search.js';
import { HttpError, cutToLine } from '../http/errors.js';
import type { HttpClient } from '../http/client.js';
import { answerBytes } from '../intake.js';
import type { Line } from '../line.js';

export interface Indexes {
  readonly events: string;
  readonly errors: string;
  /** The type of documents, where they have one. */
  readonly documentType: string;
}

/** What became of a line. */
export interface Outcome {
  readonly line: Line;
  readonly kind: 'stored' | 'again' | 'refused';
  readonly reason: string;
}

export interface Bulk {
  /**
   * @throws HttpError with the status 413 where fewer lines may be taken
   * @throws DriverError where nothing is known of the lines
   */
  store(
    lines: readonly Line[],
    options: { readonly isTyped: boolean; readonly filterErrorTrace: boolean },
  ): Promise<readonly Outcome[]>;
  /** Says why nothing can be written; leaves nothing behind. */
  tryWriting(isTyped: boolean): Promise<string | undefined>;
}

interface Item {
  readonly status: number;
  readonly reason: string;
}

/** Writes many documents with one request, in which each has its own answer. */
export function createBulk(http: HttpClient, { events, errors, documentType }: Indexes): Bulk {
  const path = `${http.path}/_bulk?filter_path=items.*.status,items.*.error.type,items.*.error.reason`;
  const send = async (body: string): Promise<readonly Item[]> => {
    const type = 'application/x-ndjson';
    // Each document may be refused, in words of its own.
    const limit = 8 * answerBytes.write;
    return itemsIn(parseAnswer((await http.send({ method: 'POST', path, type, body, limit })).body));
  };

  return {
    async store(lines, { isTyped, filterErrorTrace }) {
      const type = isTyped ? { _type: documentType } : {};
      const owners: Line[] = [];
      let body = '';
      const add = (owner: Line, action: object, document: string): void => {
        body += `${JSON.stringify(action)}\n${document}\n`;
        owners.push(owner);
      };
      for (const line of lines) {
        // The same event has the same id, and what is there is not created again.
        add(line, { create: { _index: events, ...type, _id: idOf(line) } }, line.text);
        const failed = filterErrorTrace ? line.failedStop : undefined;
        if (failed === undefined) continue;
        const { base_id, timestamp } = failed;
        const document = JSON.stringify({ base_id, timestamp });
        add(line, { index: { _index: errors, ...type, _id: base_id } }, document);
      }
      let items: readonly Item[];
      try {
        items = await send(body);
      } catch (error) {
        if (!(error instanceof HttpError && error.isForGood)) throw error;
        if (error.status === 413 && lines.length > 1) throw error;
        return lines.map((line) => ({ line, kind: 'refused', reason: error.reason }));
      }
      if (items.length !== owners.length) {
        throw new DriverError(`${http.label} answered for ${items.length} of ${owners.length} documents`);
      }
      return outcomesOf(owners, items);
    },

    async tryWriting(isTyped) {
      // Nothing has this id: to delete it changes nothing, but is refused like any writing.
      const action = { _index: events, ...(isTyped && { _type: documentType }), _id: 'ostrace-doctor' };
      const [item] = await send(`${JSON.stringify({ delete: action })}\n`);
      return item === undefined || item.status < 300 || item.status === 404 ? undefined : item.reason;
    },
  };
}

function idOf({ text }: Line): string {
  return createHash('sha1').update(text).digest('base64url');
}

/** A line is stored when its own document and that of its failure are. */
function outcomesOf(owners: readonly Line[], items: readonly Item[]): readonly Outcome[] {
  const outcomes = new Map<Line, Outcome>();
  items.forEach(({ status, reason }, i) => {
    const line = owners[i]!;
    const kind = kindOf(status);
    const before = outcomes.get(line)?.kind ?? 'stored';
    if (before === 'stored' || !outcomes.has(line)) outcomes.set(line, { line, kind, reason });
  });
  return [...outcomes.values()];
}

function kindOf(status: number): Outcome['kind'] {
  // 409 says that it is there.
  if (status < 300 || status === 409) return 'stored';
  // A full disk is 403 or 429, an index that may not be made 404: people mend that.
  return status >= 500 || [401, 403, 404, 408, 429].includes(status) ? 'again' : 'refused';
}

/** The status of each document, in their order. */
function itemsIn({ items }: Record<string, unknown>): readonly Item[] {
  if (!Array.isArray(items)) return [];
  return items.map((item): Item => {
    const [outcome] = Object.values(membersOf(item));
    const { status, error } = membersOf(outcome);
    const { type, reason } = membersOf(error);
    const words = [type, reason].filter((word) => typeof word === 'string');
    return { status: typeof status === 'number' ? status : 500, reason: cutToLine(words.join(': ')) };
  });
}
