// The answers of the server that the list and the form are made of.
import type { AboutStore, ListPage, ListRow, Newest, Preview, Sent } from '../../report/page/list-types.js';
import { fetchJson } from '../source.js';

/** A page of the list; `after` is what the page before has told. */
export function listPage(filter: string, after: string | undefined, signal: AbortSignal): Promise<ListPage> {
  const params = new URLSearchParams({ filter });
  if (after !== undefined) params.set('after', after);
  return fetchJson(`/api/traces?${params.toString()}`, { signal });
}

/** The rows of these traces that the filter takes. */
export function rowsOf(ids: readonly string[], filter: string): Promise<readonly ListRow[]> {
  const params = new URLSearchParams({ filter });
  for (const id of ids) params.append('id', id);
  return fetchJson(`/api/rows?${params.toString()}`);
}

export const newest = (): Promise<Newest> => fetchJson('/api/newest');
export const aboutStore = (): Promise<AboutStore> => fetchJson('/api/about');

const post = <Data>(path: string, command: string): Promise<Data> =>
  fetchJson(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Ostrace': '1' },
    body: JSON.stringify({ command }),
  });

/** The request that would be sent for a pasted command. */
export const previewOf = (command: string): Promise<Preview> => post('/api/requests/preview', command);
/** Sends it. */
export const sendSigned = (command: string): Promise<Sent> => post('/api/requests', command);
/** How far it is. */
export const sentState = (base_id: string): Promise<Sent> =>
  fetchJson(`/api/requests/${encodeURIComponent(base_id)}`);
