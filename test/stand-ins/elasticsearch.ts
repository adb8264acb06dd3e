// A stand-in for Elasticsearch and OpenSearch: the requests that OSProfiler's driver and ours make, with the
// checks of types, forms and repeated ids that a server of that version makes. It keeps documents in memory.
import assert from 'node:assert/strict';

import { type Receiver, type Received, type Reply, openReceiver } from './receiver.js';

export interface Version {
  readonly number: string;
  readonly distribution?: 'opensearch';
}

type Source = Readonly<Record<string, unknown>>;

export interface SearchServer extends Receiver {
  /** Documents by their index and id. */
  readonly indexes: Map<string, Map<string, Source>>;
  /** The type of all documents of an index, where they have one. */
  readonly types: Map<string, string>;
  /** Gives a document's write another outcome. */
  refuse: (index: string, source: Source) => { status: number; type: string; reason: string } | undefined;
  /** How the ids are mapped: as the server does by itself, or as keywords. */
  mapping: 'text' | 'keyword';
  /** Scrolls that were not ended. */
  readonly scrolls: Map<string, Source[]>;
  isRefreshed: boolean;
}

const page = 10_000;

/** Answers as a server of one version. */
export async function openSearchServer(version: Version, port = 0): Promise<SearchServer> {
  const major = Number.parseInt(version.number, 10);
  const isTyped = major < (version.distribution === 'opensearch' ? 2 : 8);
  const server = {
    indexes: new Map(),
    types: new Map(),
    scrolls: new Map(),
    refuse: () => undefined,
    mapping: 'text',
    isRefreshed: true,
  } as Omit<SearchServer, keyof Receiver>;
  const receiver = await openReceiver((request) => {
    const { status = 200, ...body } = reply(request, server, version, isTyped);
    // Elastic's libraries talk to no server without this header.
    const headers = { 'x-elastic-product': version.distribution ?? 'Elasticsearch' };
    return { status, headers, body: JSON.stringify(body) } satisfies Reply;
  }, port);
  return Object.assign(server, receiver);
}

interface Action {
  readonly _index: string;
  readonly _id: string;
  readonly _type?: string;
}

type Answer = { status?: number } & Record<string, unknown>;
type State = Omit<SearchServer, keyof Receiver>;

function reply(
  { method, url, headers, body }: Received,
  state: State,
  version: Version,
  isTyped: boolean,
): Answer {
  const { pathname, searchParams } = new URL(url, 'http://host');
  const parts = pathname.split('/').slice(1);
  if (`${method} ${pathname}` === 'GET /') return { version };
  if (`${method} ${pathname}` === 'POST /_bulk') {
    assert.match(String(headers['content-type']), /^application\/x-ndjson/);
    return bulk(body.toString(), state, isTyped);
  }
  if (method === 'POST' && parts[1] === '_refresh') {
    state.isRefreshed = true;
    return {};
  }
  assert.match(String(headers['content-type']), /^application\/json/);
  const given = JSON.parse(body.toString()) as Source;
  if (pathname === '/_search/scroll') return scrollOn(method, given, state);
  if (method === 'POST' && parts.at(-1) === '_search') {
    // A type in the path is one of a server that has them.
    if (parts.length > 2) assert.ok(isTyped && state.types.get(parts[0]!) === parts[1]);
    return search(parts[0]!, searchParams, given, state);
  }
  if (method === 'POST' && parts.length === 2 && isTyped) {
    return store('index', parts[0]!, String(state.indexes.get(parts[0]!)?.size ?? 0), parts[1], given, state);
  }
  return { status: 405, error: { reason: `no such request: ${method} ${url}` } };
}

function bulk(text: string, state: State, isTyped: boolean): Answer {
  assert.ok(text.endsWith('\n'), 'The bulk request must be terminated by a newline');
  const lines = text.slice(0, -1).split('\n');
  const items: object[] = [];
  while (lines.length > 0) {
    const action = JSON.parse(lines.shift()!) as Record<
      string,
      { _index: string; _id: string; _type?: string }
    >;
    const [[kind, { _index, _id, _type, ...rest }]] = Object.entries(action) as [[string, Action]];
    assert.deepEqual(rest, {});
    assert.equal(_type === undefined, !isTyped, 'Action/metadata line contains an unknown parameter [_type]');
    if (kind === 'delete') {
      items.push({ delete: { status: state.indexes.get(_index)?.delete(_id) ? 200 : 404 } });
      continue;
    }
    const { status, error } = storeLine(kind, _index, _id, _type, lines.shift()!, state);
    items.push({ [kind]: { status, ...(error !== undefined && { error }) } });
  }
  return { items };
}

function storeLine(
  kind: string,
  index: string,
  id: string,
  type: string | undefined,
  line: string,
  state: State,
): Answer {
  try {
    return store(kind, index, id, type, JSON.parse(line) as Source, state);
  } catch (error) {
    return { status: 400, error: { type: 'mapper_parsing_exception', reason: String(error) } };
  }
}

function store(
  kind: string,
  index: string,
  id: string,
  type: string | undefined,
  source: Source,
  state: State,
): Answer {
  const refusal = state.refuse(index, source);
  if (refusal !== undefined) {
    const { status, ...error } = refusal;
    return { status, error };
  }
  const documents = state.indexes.get(index) ?? new Map<string, Source>();
  state.indexes.set(index, documents);
  if (type !== undefined && (state.types.get(index) ?? type) !== type) {
    const reason = 'Rejecting mapping update as the final mapping would have more than 1 type';
    return { status: 400, error: { type: 'illegal_argument_exception', reason } };
  }
  if (type !== undefined) state.types.set(index, type);
  if (kind === 'create' && documents.has(id)) {
    return {
      status: 409,
      error: { type: 'version_conflict_engine_exception', reason: 'document already exists' },
    };
  }
  documents.set(id, source);
  state.isRefreshed = false;
  return { status: 201, _id: id };
}

function search(index: string, parameters: URLSearchParams, given: Source, state: State): Answer {
  const documents = [...(state.isRefreshed ? (state.indexes.get(index)?.values() ?? []) : [])];
  if (!state.indexes.has(index) && parameters.get('ignore_unavailable') !== 'true') {
    return { status: 404, error: { type: 'index_not_found_exception', reason: `no such index [${index}]` } };
  }
  const query = (given['query'] ?? { match_all: {} }) as Record<string, { base_id?: string }>;
  const found = documents.filter((source) => isMatch(query, String(source['base_id']), state.mapping));
  if (given['aggs'] !== undefined) return aggregate(given['aggs'], found, state.mapping);
  const total = { value: found.length, relation: 'eq' };
  if (given['size'] === 0) return { hits: { total, hits: [] }, _shards: { total: 1, failed: 0 } };
  assert.equal(parameters.get('scroll'), '2m');
  assert.equal(parameters.get('size'), String(page));
  const scroll_id = `scroll-${state.scrolls.size}`;
  state.scrolls.set(scroll_id, found);
  return nextPage(scroll_id, state);
}

function isMatch(
  query: Record<string, { base_id?: string }>,
  id: string,
  mapping: SearchServer['mapping'],
): boolean {
  const [[kind, { base_id = '' }]] = Object.entries(query) as [[string, { base_id?: string }]];
  if (kind === 'match_all') return true;
  if (mapping === 'keyword') return base_id === id;
  const words = (text: string): string[] => text.toLowerCase().split('-');
  if (kind === 'match_phrase') return words(id).join().includes(words(base_id).join());
  assert.equal(kind, 'match');
  return words(base_id).some((word) => words(id).includes(word));
}

function nextPage(scroll_id: string, state: State): Answer {
  const rest = state.scrolls.get(scroll_id)!;
  const hits = rest.splice(0, page).map((_source) => ({ _source }));
  return { _scroll_id: scroll_id, hits: { hits }, _shards: { total: 1, failed: 0 } };
}

function scrollOn(method: string, { scroll_id, scroll }: Source, state: State): Answer {
  if (method === 'DELETE') {
    for (const id of scroll_id as string[]) assert.ok(state.scrolls.delete(id));
    return {};
  }
  assert.equal(scroll, '2m');
  assert.ok(state.scrolls.has(scroll_id as string));
  return nextPage(scroll_id as string, state);
}

interface Aggregation {
  readonly traces: {
    readonly composite: {
      readonly size: number;
      readonly sources: readonly { readonly base_id: { readonly terms: { readonly field: string } } }[];
      readonly after?: { readonly base_id: string };
    };
  };
}

function aggregate(given: unknown, documents: readonly Source[], mapping: SearchServer['mapping']): Answer {
  const { size, sources, after } = (given as Aggregation).traces.composite;
  const { field } = sources[0]!.base_id.terms;
  if (field === 'base_id' && mapping === 'text') {
    return { status: 400, error: { reason: 'Fielddata is disabled on [base_id]' } };
  }
  // A field that nobody mapped has no values.
  const isThere = field === 'base_id' || mapping === 'text';
  const firsts = new Map<string, string>();
  for (const { base_id, timestamp } of isThere ? documents : []) {
    const [id, time] = [String(base_id), String(timestamp)];
    if ((firsts.get(id) ?? '~') > time) firsts.set(id, time);
  }
  const buckets = [...firsts]
    .filter(([base_id]) => after === undefined || base_id > after.base_id)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, size)
    .map(([base_id, timestamp]) => ({
      key: { base_id },
      first: { hits: { hits: [{ _source: { timestamp } }] } },
    }));
  const after_key = buckets.at(-1)?.key;
  return {
    hits: { total: { value: documents.length, relation: 'eq' }, hits: [] },
    aggregations: { traces: { buckets, ...(after_key !== undefined && { after_key }) } },
    _shards: { total: 1, failed: 0 },
  };
}
