// Where the page gets its data: from elements of its own file, or from the server that has sent it.
import type { Event } from '../trace/event.js';
import type { PageComparison } from '../report/page/comparison.js';
import { dataIds } from '../report/page/html.js';
import type { PageTrace } from '../report/page/page-trace.js';
import { tokenHeaders } from './token.js';

/** Gives the data that is shown. Each method rejects with an error whose message people may read. */
export interface Source {
  /** Whether a server answers, so that there are other traces than this one. */
  readonly isServed: boolean;
  /** Whether it is a file that holds two traces beside each other instead of one. */
  readonly isComparison: boolean;
  /** @param base_id of the trace; a file has only one, whatever is asked for */
  trace(base_id: string): Promise<PageTrace>;
  /**
   * Resolves when a trace has grown; to undefined where it will not grow any more, or its page is left.
   *
   * @param tell is told after each look why the trace could not be read again; undefined if it was read
   */
  grown(
    base_id: string,
    left: AbortSignal,
    tell: (problem: string | undefined) => void,
  ): Promise<PageTrace | undefined>;
  /** The events of a piece of the points, each point with its own (`eventsInPiece`), of a trace that `trace` or `grown` gave. */
  events(trace: PageTrace, piece: number): Promise<readonly (readonly Event[])[]>;
  /** Two traces beside each other; a file has only these, whatever is asked for. */
  comparison(a: string, b: string): Promise<PageComparison>;
}

/** The source of this page: its own file, if that has a trace or a comparison in it. */
export function sourceOf(document: Document): Source {
  const has = (id: string): boolean => document.getElementById(id) !== null;
  return has(dataIds.trace) || has(dataIds.comparison) ? embeddedIn(document) : served;
}

function embeddedIn(document: Document): Source {
  return {
    isServed: false,
    isComparison: document.getElementById(dataIds.comparison) !== null,
    trace: () => readElement<PageTrace>(document, dataIds.trace),
    grown: async () => undefined,
    events: (_trace, piece) => readElement(document, `${dataIds.events}${piece}`),
    comparison: () => readElement<PageComparison>(document, dataIds.comparison),
  };
}

/** Reads the JSON of an element, which is compressed if it is long. */
async function readElement<Data>(document: Document, id: string): Promise<Data> {
  const element = document.getElementById(id);
  const text = element?.textContent ?? '';
  if (element === null) throw new Error(`this file lacks the data "${id}": it is not complete`);
  if (element.getAttribute('type') !== 'application/gzip') return JSON.parse(text) as Data;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  // By a loop: for megabytes, a function for each character takes half a second.
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(stream).json()) as Data;
}

/** The last that was heard of each trace, by base_id: an answer may come when another trace is shown already. */
const heard = new Map<string, { readonly tag: string; readonly mayGrow: boolean }>();
/** The tag of each trace that was read: its events are those of this state of it. */
const tags = new WeakMap<PageTrace, string>();
const pollMs = 1000;
const notModified = 304;

const traceAt = (base_id: string): string => `/api/traces/${encodeURIComponent(base_id)}`;

const served: Source = {
  isServed: true,
  isComparison: false,
  trace: async (base_id) => (await fetchTrace(base_id))!,
  async grown(base_id, left, tell) {
    for (;;) {
      const last = heard.get(base_id);
      if (last === undefined || !last.mayGrow) return undefined;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      if (left.aborted) return undefined;
      try {
        const found = await fetchTrace(base_id, last.tag);
        tell(undefined);
        if (found !== null) return found;
      } catch (error) {
        // The server, or its store, may come back.
        tell((error as Error).message);
      }
    }
  },
  events: (trace, piece) => {
    const tag = tags.get(trace) ?? '';
    const headers: Record<string, string> = tag === '' ? {} : { 'If-Match': tag };
    return fetchJson(`${traceAt(trace.base_id)}/events/${piece}`, { headers });
  },
  comparison: (a, b) => fetchJson(`${traceAt(a)}/compare/${encodeURIComponent(b)}`),
};

/** @returns null for a trace that is as it was */
async function fetchTrace(base_id: string, tag?: string): Promise<PageTrace | null> {
  const headers: Record<string, string> = tag === undefined ? {} : { 'If-None-Match': tag };
  const response = await fetchAnswer(traceAt(base_id), { headers });
  const trace = response.status === notModified ? null : ((await response.json()) as PageTrace);
  // Only with its body: after one that breaks off, the same tag asks for it again.
  const mayGrow = response.headers.get('x-ostrace-growing') === 'true';
  // A proxy that compresses makes the tag a weak one.
  const nextTag = (response.headers.get('etag') ?? '').replace(/^W\//, '');
  heard.set(base_id, { tag: nextTag, mayGrow });
  if (trace !== null) tags.set(trace, nextTag);
  return trace;
}

/** @throws Error with what the server has said, or that it does not answer */
export async function fetchJson<Data>(path: string, init: RequestInit = {}): Promise<Data> {
  return (await (await fetchAnswer(path, init)).json()) as Data;
}

async function fetchAnswer(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { ...tokenHeaders(), ...init.headers } }).catch(
    () => {
      throw new Error('ostrace ui does not answer: start it again, then reload this page');
    },
  );
  if (response.ok || response.status === notModified) return response;
  const said = (await response.json().catch(() => ({}))) as { readonly error?: unknown };
  throw new Error(typeof said.error === 'string' ? said.error : `ostrace ui has answered ${response.status}`);
}
