// The addresses of the server below /api/, as a table.
import type { IncomingMessage } from 'node:http';

import type { StoredTrace } from '../drivers/driver.js';
import { comparisonOf } from '../report/page/compare.js';
import { isGrowing } from '../report/page/list-row.js';
import type { AboutStore } from '../report/page/list-types.js';
import type { Page } from '../report/page/page-trace.js';
import { pageOf } from '../report/page/page.js';
import { buildTree } from '../report/tree.js';
import { isUuid } from '../trace/ids.js';
import { parseTimestamp } from '../trace/parse.js';
import { type Answer, Refusal, readJson } from './answer.js';
import { admitPost, methodRefusal } from './guard.js';
import { List } from './list.js';
import type { Requests } from './requests.js';
import type { TraceSource } from './source.js';

/** The parts that the server is given. */
export interface Parts {
  readonly source: TraceSource;
  readonly requests: Requests;
  readonly version: string;
}

/** @param signal says that nobody waits for the answer any more */
type Handler = (
  parts: readonly string[],
  url: URL,
  request: IncomingMessage,
  signal: AbortSignal,
) => Promise<Answer>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: Handler;
}

/** The page of one state of a trace. */
interface TaggedPage {
  readonly tag: string;
  readonly page: Page;
}

/** Says to the page that the trace may grow, so that it asks again. */
const growingHeader = 'X-Ostrace-Growing';

const mostIds = 50;

/** Answers requests for data. */
export function createApi({
  source,
  requests,
  version,
}: Parts): (request: IncomingMessage, url: URL, signal: AbortSignal) => Promise<Answer> {
  const list = new List(source);
  let shown: TaggedPage | undefined;

  /** The page of a trace: its data, and its events by pieces. The last one is kept, because pieces of it are asked for. */
  const pageFrom = (base_id: string, stored: StoredTrace): TaggedPage => {
    const tag = tagOf(base_id, stored);
    return (shown =
      shown?.tag === tag ? shown : { tag, page: pageOf(buildTree(stored.events), stored.skipped) });
  };

  /**
   * The page whose pieces are asked for. A piece is named by the places of its points, and once the trace has grown,
   * other points may stand there.
   *
   * @param wanted the `If-Match` of the request; undefined for the page as the store has it now
   * @throws Refusal if the page that is wanted cannot be had any more
   */
  const pageWanted = async (base_id: string, wanted: string | undefined): Promise<TaggedPage> => {
    if (shown?.page.trace.base_id === base_id && wanted === `"${shown.tag}"`) return shown;
    const stored = await readTrace(source, base_id);
    if (wanted !== undefined && wanted !== `"${tagOf(base_id, stored)}"`)
      throw new Refusal(412, 'this trace has changed since it was read: reload the page');
    return pageFrom(base_id, stored);
  };

  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: /^\/api\/about$/,
      handle: async () => {
        const about: AboutStore = { store: source.name(), canList: source.canList(), version };
        return { body: about };
      },
    },
    {
      method: 'GET',
      path: /^\/api\/traces$/,
      handle: async (_parts, { searchParams }, _request, signal) => {
        const asked = {
          after: searchParams.get('after') ?? undefined,
          limit: numberIn(searchParams, 'limit'),
          filter: searchParams.get('filter') ?? '',
        };
        return { body: await list.page(asked, signal) };
      },
    },
    { method: 'GET', path: /^\/api\/newest$/, handle: async () => ({ body: await list.newest() }) },
    {
      method: 'GET',
      path: /^\/api\/rows$/,
      handle: async (_parts, { searchParams }, _request, signal) => {
        const ids = searchParams.getAll('id').slice(0, mostIds);
        if (!ids.every(isUuid)) throw new Refusal(400, 'an id is no UUID');
        const traces = ids.map((base_id) => ({ base_id, timestamp: '' }));
        return { body: await list.some(traces, searchParams.get('filter') ?? '', signal) };
      },
    },
    {
      method: 'GET',
      path: /^\/api\/traces\/([^/]+)$/,
      handle: async ([base_id = ''], _url, request) => {
        const stored = await readTrace(source, base_id);
        const growing = String(mayGrow(stored));
        const tag = tagOf(base_id, stored);
        // What the browser has already needs not be made again.
        const isKnown = request.headers['if-none-match'] === `"${tag}"`;
        const body = isKnown ? null : pageFrom(base_id, stored).page.trace;
        return { body, tag, headers: { [growingHeader]: growing } };
      },
    },
    {
      method: 'GET',
      path: /^\/api\/traces\/([^/]+)\/events\/(\d{1,6})$/,
      handle: async ([base_id = '', piece = '0'], _url, request) => {
        const { page, tag } = await pageWanted(base_id, request.headers['if-match']);
        if (Number(piece) >= page.pieces)
          throw new Refusal(404, `the trace has ${page.pieces} pieces of events`);
        return { body: page.eventsOf(Number(piece)), tag };
      },
    },
    {
      method: 'GET',
      path: /^\/api\/traces\/([^/]+)\/compare\/([^/]+)$/,
      handle: async ([a = '', b = '']) => {
        const [before, after] = [await readTrace(source, a), await readTrace(source, b)];
        const compared = comparisonOf(buildTree(before.events), buildTree(after.events));
        return { body: compared, tag: `${tagOf(a, before)}-${tagOf(b, after)}` };
      },
    },
    {
      method: 'POST',
      path: /^\/api\/requests\/preview$/,
      handle: async (_parts, _url, request) => ({
        body: requests.preview((await readJson(request))['command']),
      }),
    },
    {
      method: 'POST',
      path: /^\/api\/requests$/,
      handle: async (_parts, _url, request) => ({
        status: 202,
        body: requests.send((await readJson(request))['command']),
      }),
    },
    {
      method: 'GET',
      path: /^\/api\/requests\/([^/]+)$/,
      handle: async ([base_id = '']) => {
        const sent = requests.state(base_id);
        if (sent === undefined) throw new Refusal(404, 'no such request was sent from here');
        return { body: sent };
      },
    },
  ];

  return async (request, url, signal) => {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const named = routes.filter(({ path }) => path.test(url.pathname));
    if (named.length === 0) throw new Refusal(404, 'there is nothing at this address');
    const route = named.find((each) => each.method === method);
    if (route === undefined) throw methodRefusal(named.map((each) => each.method).join(', '));
    if (route.method === 'POST') admitPost(request);
    return route.handle(route.path.exec(url.pathname)!.slice(1), url, request, signal);
  };
}

async function readTrace(source: TraceSource, base_id: string): Promise<StoredTrace> {
  if (!isUuid(base_id)) throw new Refusal(400, 'the id of the trace is no UUID');
  const stored = await source.read(base_id);
  if (stored === undefined) throw new Refusal(404, `there is no trace ${base_id} in ${source.name()}`);
  if (stored.events.length > 0) return stored;
  throw new Refusal(
    422,
    `none of the stored lines of trace ${base_id} is an event: torn by a crash, or written by something else`,
  );
}

/** Events are added, and never changed. */
const tagOf = (base_id: string, { events, skipped }: StoredTrace): string =>
  `${base_id}-${events.length}-${skipped}`;

function mayGrow({ events }: StoredTrace): boolean {
  const last = events.reduce((most, { timestamp }) => Math.max(most, parseTimestamp(timestamp) ?? 0), 0);
  const starts = events.filter(({ name }) => !name.endsWith('stop')).length;
  return isGrowing(last / 1000, Math.max(0, 2 * starts - events.length), Date.now());
}

function numberIn(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Refusal(400, `${name} is "${text.slice(0, 40)}"; expected a whole number`);
}
