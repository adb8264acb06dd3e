// Signed requests of the page: what would be sent for a pasted command, sending it, and how far it is. Nothing of a
// command is kept or logged but its host and its outcome.
import type { Preview, Sent } from '../report/page/list-types.js';
import { isTraceHeader } from '../trace/headers.js';
import { newId } from '../trace/ids.js';
import { Refusal } from './answer.js';
import { CurlError, type CurlRequest, parseCurl } from './curl/curl.js';
import { type NamedHost, hostRefusal, namedHost } from './hosts.js';
import type { Sender } from './source.js';

const mostKept = 200;
/** So many requests may wait for their responses. */
const mostWaiting = 20;

/** What the sender decides by itself: they are about the connection, and not about the request. */
const dropped =
  /^(?:content-length|connection|keep-alive|proxy-[a-z-]*|te|trailer|transfer-encoding|upgrade|expect|:.*)$/i;

export class Requests {
  readonly #sender: Sender;
  readonly #named: readonly NamedHost[];
  readonly #sent = new Map<string, Sent>();

  /** @param named the hosts that may get signed requests; none for this machine alone */
  constructor(sender: Sender, named: readonly NamedHost[]) {
    this.#sender = sender;
    this.#named = named;
  }

  /** The request that would be sent. */
  preview(command: unknown): Preview {
    return this.#read(command).preview;
  }

  /**
   * Sends a request, and does not wait for its response.
   *
   * @throws Refusal if it may not be sent
   */
  send(command: unknown): Sent {
    const { request, preview } = this.#read(command);
    if (preview.refusal !== undefined) throw new Refusal(403, preview.refusal);
    const waiting = [...this.#sent.values()].filter(({ state }) => state === 'waiting').length;
    if (waiting >= mostWaiting) {
      throw new Refusal(429, `${waiting} requests wait for their responses; wait for one of these`);
    }
    const base_id = newId();
    this.#keep({ base_id, state: 'waiting' });
    this.#sender.send(base_id, request).then(
      ({ status, duration, redirect }) =>
        this.#keep({
          base_id,
          state: 'answered',
          status,
          duration,
          ...(redirect !== undefined && { redirect }),
        }),
      (error: unknown) =>
        this.#keep({
          base_id,
          state: 'failed',
          error: error instanceof Error ? error.message : String(error),
        }),
    );
    return this.#sent.get(base_id)!;
  }

  /** How far a request is; undefined if it was not sent here, or long ago. */
  state(base_id: string): Sent | undefined {
    return this.#sent.get(base_id);
  }

  #keep(sent: Sent): void {
    this.#sent.set(sent.base_id, sent);
    if (this.#sent.size > mostKept) this.#sent.delete(this.#sent.keys().next().value!);
  }

  /** A proxy sends a request on to the host that its header names, whatever its URL says. */
  #refusalFor(url: URL, headers: readonly string[]): string | undefined {
    const hosts = headers.filter((header) => nameOf(header) === 'host').map((header) => hostIn(header, url));
    return [url, ...hosts]
      .map((each) => hostRefusal(each, this.#named))
      .find((refusal) => refusal !== undefined);
  }

  #read(command: unknown): { readonly request: CurlRequest; readonly preview: Preview } {
    if (typeof command !== 'string') throw new Refusal(400, 'expected {"command": "curl …"}');
    const given = parsed(command);
    const headers = given.headers.filter((header) => !isDropped(header));
    const url = urlOf(given.url);
    const request = { ...given, headers, url: url.href };
    const refusal = this.#sender.refusal ?? this.#refusalFor(url, headers);
    if (refusal === undefined) checked(this.#sender, request);
    const hasUser = url.username !== '' || url.password !== '' || given.user !== undefined;
    const names = headers.map((header) => header.split(':', 1)[0]!.trim());
    return {
      request,
      preview: {
        method: given.method,
        url: `${url.origin}${url.pathname}${url.search}`,
        host: url.host,
        headerNames: names,
        bodyBytes: given.body?.length ?? null,
        hasCredentials: hasUser || names.some((name) => /^(?:cookie|authorization)$/i.test(name)),
        ...(refusal !== undefined && { refusal }),
      },
    };
  }
}

function checked(sender: Sender, request: CurlRequest): void {
  try {
    sender.check(request);
  } catch (error) {
    throw new Refusal(422, (error as Error).message);
  }
}

function isDropped(header: string): boolean {
  const name = nameOf(header);
  return dropped.test(name) || isTraceHeader(name);
}

const nameOf = (header: string): string => /^:?[^:]*/.exec(header)![0].trim().toLowerCase();

function hostIn(header: string, { protocol }: URL): URL {
  const host = namedHost(header.slice(header.indexOf(':') + 1).trim());
  const address = host && `${protocol}//${host.hostname}:${host.port ?? ''}`;
  if (address !== undefined && URL.canParse(address)) return new URL(address);
  throw new Refusal(
    422,
    'the Host header of the command names no host; leave it out, so that it is that of the URL',
  );
}

function parsed(command: string): CurlRequest {
  try {
    return parseCurl(command);
  } catch (error) {
    if (error instanceof CurlError) throw new Refusal(422, error.message);
    throw error;
  }
}

/** Without a scheme it is http, as for curl. */
function urlOf(text: string): URL {
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  // A URL may hold a password; what stands there is shown in the page's own field.
  throw new Refusal(
    422,
    'the URL of the command is not an http or https URL; expected one such as http://localhost:3000/orders/42',
  );
}
