// Reads documents of Elasticsearch: all that a query finds, and the traces that an index knows.
import { DriverError, type TraceSummary } from '../driver.js';
import type { HttpClient } from '../http/client.js';
import { answerBytes } from '../intake.js';
import { type ListEntry, newestFirst } from '../trace-list.js';

// OSProfiler's own.
const scrollTime = '2m';
const pageSize = 10_000;
const tracesPerPage = 1000;

/** An index that is not there yet counts as empty. */
const lenient = 'ignore_unavailable=true&allow_no_indices=true';

export interface Search {
  /** All documents that a query finds, in no order. */
  documents(index: string, query: object): Promise<unknown[]>;
  /** The traces that an index has events of, newest first. */
  traces(index: string): Promise<readonly TraceSummary[]>;
}

/** Reads documents. What was written a moment ago is found too: the index is refreshed first, where that is allowed. */
export function createSearch(http: HttpClient): Search {
  /** All pages together. */
  let left: number = answerBytes.read;
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const request = { method: 'POST', path: http.path + path, type: 'application/json' };
    const sent = await http.send({ ...request, body: JSON.stringify(body), limit: left });
    left -= sent.body.length;
    const answer = parseAnswer(sent.body);
    const { failed, total } = membersOf(answer['_shards']);
    if (typeof failed === 'number' && failed > 0) {
      throw new DriverError(`${http.label} could not read ${failed} of ${Number(total)} shards; try again`);
    }
    return answer;
  };
  const refresh = async (index: string): Promise<void> => {
    const path = `${http.path}/${index}/_refresh?${lenient}`;
    await http.send({ method: 'POST', path }).catch(() => {});
  };
  const endScroll = async (scroll_id: unknown): Promise<void> => {
    const body = JSON.stringify({ scroll_id: [scroll_id] });
    const request = { method: 'DELETE', path: `${http.path}/_search/scroll`, type: 'application/json', body };
    // It ends by itself in two minutes.
    await http.send(request).catch(() => {});
  };

  return {
    async documents(index, query) {
      left = answerBytes.read;
      await refresh(index);
      const found: unknown[] = [];
      let answer = await post(`/${index}/_search?scroll=${scrollTime}&size=${pageSize}&${lenient}`, {
        query,
      });
      for (;;) {
        const { hits } = membersOf(answer['hits']);
        const scroll_id = answer['_scroll_id'];
        if (!Array.isArray(hits) || hits.length === 0 || typeof scroll_id !== 'string') {
          if (typeof scroll_id === 'string') await endScroll(scroll_id);
          return found;
        }
        for (const hit of hits) found.push(membersOf(hit)['_source']);
        answer = await post('/_search/scroll', { scroll: scrollTime, scroll_id });
      }
    },

    async traces(index) {
      left = answerBytes.read;
      await refresh(index);
      // How the id is mapped: by itself, as text with a keyword below, or by somebody who knew that it is one.
      const path = `/${index}/_search?${lenient}`;
      const ask = (body: object): Promise<Record<string, unknown>> => post(path, body);
      let traces = await tracesBy('base_id.keyword', ask);
      if (traces.length === 0 && totalIn(await ask({ size: 0 })) > 0) traces = await tracesBy('base_id', ask);
      return newestFirst(traces);
    },
  };
}

/** The first event of each trace, page by page. OSProfiler reads all events of all traces for it. */
async function tracesBy(
  field: string,
  search: (body: object) => Promise<Record<string, unknown>>,
): Promise<ListEntry[]> {
  const found: ListEntry[] = [];
  let after: unknown;
  for (;;) {
    const sources = [{ base_id: { terms: { field } } }];
    const composite = { size: tracesPerPage, sources, ...(after !== undefined && { after }) };
    const sort = [{ timestamp: { order: 'asc', unmapped_type: 'date' } }];
    const first = { top_hits: { size: 1, sort, _source: ['timestamp'] } };
    const answer = await search({ size: 0, aggs: { traces: { composite, aggs: { first } } } });
    const { buckets, after_key } = membersOf(membersOf(answer['aggregations'])['traces']);
    if (!Array.isArray(buckets)) return found;
    for (const bucket of buckets) {
      const { key, first: top } = membersOf(bucket);
      const { base_id } = membersOf(key);
      const { hits } = membersOf(membersOf(top)['hits']);
      const { timestamp } = membersOf(membersOf(Array.isArray(hits) ? hits[0] : undefined)['_source']);
      found.push({ base_id, timestamp });
    }
    if (after_key === undefined || buckets.length < tracesPerPage) return found;
    after = after_key;
  }
}

function totalIn(answer: Record<string, unknown>): number {
  const { total } = membersOf(answer['hits']);
  // A number before Elasticsearch 7.
  return Number(typeof total === 'object' ? membersOf(total)['value'] : total) || 0;
}

/** The members of an answer's body; none where it is not JSON. */
export function parseAnswer(body: Buffer): Record<string, unknown> {
  try {
    return membersOf(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

export function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
