// Elasticsearch and OpenSearch in OSProfiler's layout: a document for each event, and one for each failed trace.
import { count } from '../../trace/count.js';
import type { Event } from '../../trace/event.js';
import { eventOf, parseTimestamp } from '../../trace/parse.js';
import { type Driver, DriverError, type DriverSettings, type StoredTrace, WriteError } from '../driver.js';
import { type Indexes, createBulk } from './bulk.js';
import { createSearch, membersOf, parseAnswer } from './search.js';
import { newestFirst } from '../trace-list.js';
import { HttpError, cutToLine } from '../http/errors.js';
import { type HttpClient, inParts, openHttp } from '../http/client.js';

const indexes: Indexes = {
  events: 'osprofiler-notifications',
  errors: 'osprofiler-notifications-error',
  documentType: 'notification',
};

/**
 * Opens an Elasticsearch or OpenSearch server, with OSProfiler's indexes and documents.
 *
 * @param connectionString `elasticsearch://` or `opensearch://`, or with TLS `elasticsearch+https://` or
 *   `opensearch+https://`, a host, a port (9200) and, where the server is behind a proxy, a path
 * @throws DriverError for a connection string that is none
 */
export function openElasticsearchDriver(connectionString: string, settings: DriverSettings): Driver {
  const http = openHttp(connectionString, {
    secureScheme: /^opensearch/i.test(connectionString) ? 'opensearch+https' : 'elasticsearch+https',
    defaultPort: 9200,
    keyScheme: 'ApiKey',
  });
  const bulk = createBulk(http, indexes);
  const search = createSearch(http);
  let isTyped: boolean | undefined;

  return {
    // Documents have their events' ids, so it does not matter what an earlier attempt has stored.
    async write(lines) {
      if (lines.length === 0) return;
      isTyped ??= await hasTypes(http);
      const { filterErrorTrace } = settings;
      const options = { isTyped, filterErrorTrace };
      const outcomes = (await inParts(lines, (part) => bulk.store(part, options))).flat();
      const failed = outcomes.filter(({ kind }) => kind !== 'stored');
      if (failed.length === 0) return;
      const again = failed.filter(({ kind }) => kind === 'again').map(({ line }) => line);
      throw new WriteError(
        `${http.label} did not store ${failed.length} of ${lines.length} events: ${failed[0]!.reason}`,
        failed.length - again.length,
        again,
      );
    },

    list: () => search.traces(indexes.events),

    async listErrors() {
      const documents = await search.documents(indexes.errors, { match_all: {} });
      // OSProfiler stores a document for each failed point; here a trace has one.
      return newestFirst(documents.map(membersOf), 'latest');
    },

    async read(base_id) {
      // A phrase, because ids are taken apart as text where nobody has mapped them: OSProfiler's `match` finds
      // each trace that has one of the five groups of digits.
      const sources = await search.documents(indexes.events, { match_phrase: { base_id } });
      return traceOf(base_id, sources);
    },

    async check() {
      const about = await aboutServer(http);
      isTyped = about.isTyped;
      const problem = await bulk.tryWriting(isTyped);
      if (problem !== undefined) {
        throw new DriverError(`${http.label} can be reached, but not written: ${problem}`);
      }
      const { length } = await search.traces(indexes.events);
      return `${count(length, 'trace')} in the index ${indexes.events} of ${about.name}`;
    },

    close: () => http.close(),
  };
}

/** Documents had types before Elasticsearch 8 and OpenSearch 2, and OSProfiler's have one. */
async function aboutServer(http: HttpClient): Promise<{ name: string; isTyped: boolean }> {
  const { body } = await http.send({ method: 'GET', path: `${http.path}/` });
  const { number, distribution = 'elasticsearch' } = membersOf(parseAnswer(body)['version']);
  const major = Number.parseInt(String(number), 10);
  if (Number.isNaN(major)) {
    throw new DriverError(`what answers at ${http.label} is no Elasticsearch or OpenSearch; check the port`, {
      isCertain: true,
    });
  }
  return {
    name: cutToLine(`${String(distribution)} ${String(number)}`, 60),
    isTyped: major < (distribution === 'opensearch' ? 2 : 8),
  };
}

async function hasTypes(http: HttpClient): Promise<boolean> {
  try {
    return (await aboutServer(http)).isTyped;
  } catch (error) {
    // A user who may write need not be allowed to see this.
    if (error instanceof HttpError && error.status === 403) return false;
    throw error;
  }
}

function traceOf(base_id: string, sources: readonly unknown[]): StoredTrace | undefined {
  const events: { event: Event; micros: number; rank: number }[] = [];
  let skipped = 0;
  for (const source of sources) {
    const event = eventOf(source);
    if (event === undefined) skipped++;
    else if (event.base_id === base_id) {
      const rank = event.name.endsWith('-start') ? 0 : 1;
      events.push({ event, micros: parseTimestamp(event.timestamp) ?? 0, rank });
    }
  }
  if (events.length === 0) return undefined;
  // Documents have no order of their own.
  events.sort((a, b) => a.micros - b.micros || a.rank - b.rank);
  return { events: events.map(({ event }) => event), skipped };
}
