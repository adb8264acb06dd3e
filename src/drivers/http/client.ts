// The client of all stores that are spoken to over HTTP. Their own libraries are not used: each call of ours is
// one request with a body that is made here already, while Elasticsearch's library alone is 30 MB, refuses
// servers of other versions than its own and OpenSearch, and would parse each event once more.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { constants, gzip as gzipWithCallback } from 'node:zlib';

import { schemeOf } from '../connection-string.js';
import { DriverError } from '../driver.js';
import { authorizationOf, parseAddress, settingsOf } from './address.js';
import { answerBytes, tooLong } from '../intake.js';
import { HttpError, connectionFailure } from './errors.js';

const gzip = promisify(gzipWithCallback);

const connectLimitMs = 5000;
// Less than delivery waits for a batch: what a driver keeps in memory is not given up with it.
const answerLimitMs = 25_000;

export interface HttpStore {
  /** The scheme of the connection string that stands for TLS. */
  readonly secureScheme: string;
  readonly defaultPort: number;
  /** The word before a key or token in the header `Authorization`: the URL has it as a password without a user. */
  readonly keyScheme: string;
  /** Parameters that the connection string may have, beside headers. */
  readonly parameters?: readonly string[];
}

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly isGzipped?: boolean;
  /** How many bytes the answer may have: what a batch that is written needs, where it says nothing else. */
  readonly limit?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A client of one server, which connects with the first request and again whenever it has to. */
export interface HttpClient {
  /** The server as people may see it: without a password. */
  readonly label: string;
  /** The path of the connection string, without a slash at its end. */
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
  /**
   * Sends a request and waits 25 seconds at most for the whole answer.
   *
   * @throws HttpError for an answer that is no success
   * @throws DriverError where there is no answer
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Breaks off what is under way. */
  close(): void;
}

/**
 * A client for `scheme://user:password@host:port/path?header.NAME=VALUE`. Connects with the first request.
 *
 * @throws DriverError for a connection string that is none
 */
export function openHttp(connectionString: string, store: HttpStore): HttpClient {
  const scheme = schemeOf(connectionString);
  const url = parseAddress(connectionString, scheme);
  const isSecure = scheme === store.secureScheme;
  const label = `${scheme}://${url.host}`;
  const { headers, parameters } = settingsOf(url, scheme, store.parameters ?? []);
  const authorization = authorizationOf(url, store.keyScheme, parameters.get('token'));
  if (authorization !== undefined) headers['authorization'] = authorization;
  const { Agent, request } = isSecure ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const address = {
    agent,
    // A literal IPv6 address stands in brackets only in a URL.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? store.defaultPort : Number(url.port),
  };

  return {
    label,
    path: withoutSlashes(url.pathname),
    parameters,
    async send({ method, path, body, type, isGzipped, limit = answerBytes.write }) {
      const isPacked = body !== undefined && isGzipped === true;
      // The fastest level: the events' many repetitions are found by it too.
      const bytes = isPacked ? await gzip(body, { level: constants.Z_BEST_SPEED }) : Buffer.from(body ?? '');
      const sent = request({
        ...address,
        method,
        path,
        headers: {
          ...headers,
          ...(type !== undefined && { 'content-type': type }),
          ...(isPacked && { 'content-encoding': 'gzip' }),
          'content-length': bytes.length,
        },
      });
      const answer = await answerTo(sent, bytes, limit, label, isSecure);
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw new HttpError(label, answer.status, answer.body);
    },
    close: () => agent.destroy(),
  };
}

/**
 * Sends items in one request, or in halves for as long as the server finds a request too large.
 *
 * @param send gives what the server said of these items
 * @throws HttpError with the status 413 where a single item is too large, unless `send` sees to that
 */
export async function inParts<Item, Result>(
  items: readonly Item[],
  send: (part: readonly Item[]) => Promise<Result>,
): Promise<Result[]> {
  try {
    return [await send(items)];
  } catch (error) {
    if (!(error instanceof HttpError && error.status === 413 && items.length > 1)) throw error;
  }
  const half = Math.ceil(items.length / 2);
  const first = await inParts(items.slice(0, half), send);
  try {
    return [...first, ...(await inParts(items.slice(half), send))];
  } catch (error) {
    // The first half is stored.
    throw new DriverError((error as Error).message, { cause: error });
  }
}

/** Without those at its end: an expression for them looks at each run of slashes from each of its slashes. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** The whole answer to a request; each way in which there may be none is one error. */
function answerTo(
  sent: http.ClientRequest,
  bytes: Buffer,
  limit: number,
  label: string,
  isSecure: boolean,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let connecting: NodeJS.Timeout | undefined;
    let isConnected = false;
    const fail = (error: unknown): void => {
      settle();
      sent.destroy();
      reject(connectionFailure(label, error, isConnected));
    };
    const timedOut = (reason: string): void => fail(new Error(reason));
    const answering = setTimeout(timedOut, answerLimitMs, `no answer within ${answerLimitMs / 1000} s`);
    const settle = (): void => {
      clearTimeout(answering);
      clearTimeout(connecting);
    };
    sent.on('error', fail);
    sent.on('socket', (socket: Socket) => {
      isConnected = sent.reusedSocket;
      if (isConnected) return;
      connecting = setTimeout(timedOut, connectLimitMs, `no connection within ${connectLimitMs / 1000} s`);
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        isConnected = true;
        clearTimeout(connecting);
      });
    });
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > limit) fail(tooLong(limit));
      });
      response.on('error', fail);
      response.on('end', () => {
        settle();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        });
      });
    });
    sent.end(bytes);
  });
}
