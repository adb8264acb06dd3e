// The server of `ostrace ui`: it gives the page, and what the page asks for.
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';

import { policyOf, servedPage } from '../report/page/html.js';
import { type Answer, Refusal, write } from './answer.js';
import { type Parts, createApi } from './api.js';
import { type Guarded, admit } from './guard.js';

export interface ServerParts extends Parts, Guarded {
  /** The page as it was built. */
  readonly template: string;
  /** Whether an error is about the store, and has a message for people. */
  isOfStore(error: unknown): boolean;
  /** Hears of mistakes of ours. */
  onMistake(error: unknown): void;
}

// A client that is slower than this holds a connection for nothing.
const headMs = 5_000;
const requestMs = 30_000;
const checkedEveryMs = 1_000;
const mostConnections = 200;

/** Makes the server; it does not listen yet. */
export function createUiServer(parts: ServerParts): Server {
  const page = servedPage(parts.template);
  const shell: Answer = {
    type: 'text/html; charset=utf-8',
    body: page,
    headers: { 'Content-Security-Policy': `${policyOf(page)}; frame-ancestors 'none'` },
  };
  const api = createApi(parts);

  async function answer(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const url = URL.canParse(request.url ?? '', 'http://ui') ? new URL(request.url!, 'http://ui') : undefined;
    const isData = url?.pathname !== '/';
    admit(request, isData, parts);
    if (url === undefined) throw new Refusal(400, 'the request has no valid URL; expected a path such as /');
    return isData ? api(request, url, signal) : shell;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    try {
      write(request, response, await answer(request, left.signal));
    } catch (error) {
      if (error === left.signal.reason) return;
      if (response.headersSent) response.destroy();
      else write(request, response, problemOf(error, parts));
      // The rest of what the browser sends is not read any more.
      if (!request.complete) response.once('finish', () => request.destroy());
    }
  }

  const server = createServer(
    { headersTimeout: headMs, requestTimeout: requestMs, connectionsCheckingInterval: checkedEveryMs },
    (request, response) => void serve(request, response),
  );
  server.maxConnections = mostConnections;
  return server;
}

function problemOf(error: unknown, { isOfStore, onMistake }: ServerParts): Answer {
  if (error instanceof Refusal) {
    return { status: error.status, body: { error: error.message }, headers: error.headers };
  }
  if (isOfStore(error)) return { status: 503, body: { error: (error as Error).message } };
  onMistake(error);
  return { status: 500, body: { error: 'ostrace ui hit an internal error; its terminal shows the details' } };
}
