// A part of `http-client.ts`: a request of `http` and `https` carries the trace on. One thing is peculiar: some requests
// are written down as text when they are made, and then none of their methods can add a header.
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import { schemeOf } from '../src/hooks/targets/outgoing.js';
import { isDirect, lineOf } from '../src/hooks/targets/peer.js';
import { headCarrying } from '../src/propagation/head.js';
import { type Line, type Sender, carried } from '../src/propagation/recipients.js';
import type { Context } from '../src/trace/context.js';
import { traceHeaderNames } from '../src/trace/headers.js';
import { createStamp } from '../src/trace/stamp.js';
import { tracing } from '../src/trace/trace.js';

/** Whose request it is. */
const senders = createStamp<Sender>();

let areHeadsWatched = false;

/** Looks at requests when their headers are about to be written down: until then the application may change them. */
function watchHeads(agent: AgentPort): void {
  // Not before there is a request: `http` is not loaded for it.
  if (areHeadsWatched) return;
  areHeadsWatched = true;
  const guard = createGuard('the headers of http requests');
  const { ClientRequest } = require('node:http') as typeof import('node:http');
  patch(
    ClientRequest.prototype as ClientRequest & { _implicitHeader: unknown },
    '_implicitHeader',
    (original) =>
      function () {
        const sender = tracing.live === 0 || guard.off ? undefined : senders.of(this);
        if (sender !== undefined) guarded(guard, () => inject(this as ClientRequest, sender, agent));
        return Reflect.apply(original, this, arguments as unknown as unknown[]);
      },
  );
}

/**
 * Sees to it that a request carries the trace on, to whoever may know of it: decided by the headers that are sent in
 * the end, and by whom the request goes to. Node's own agents tell that at once, for others the socket does.
 *
 * @param caller where the request was made
 */
export function carry(
  request: ClientRequest,
  sender: Sender,
  caller: Context,
  agent: AgentPort,
  guard: Guard,
): void {
  watchHeads(agent);
  senders.put(request, sender);
  if (isDirect(agentOf(request), schemeOf(request.protocol))) {
    if (isWritten(request)) inject(request, sender, agent);
    return;
  }
  // The event comes before what is written down is sent.
  bindEmitter(request, caller, guard, (event) => {
    if (event === 'socket' && isWritten(request)) inject(request, sender, agent);
  });
}

function inject(request: ClientRequest, sender: Sender, agent: AgentPort): void {
  const line = lineFor(request, agent);
  // It is asked again when there is one.
  if (line === undefined) return;
  const { method, path, host } = request;
  if (isWritten(request)) {
    const head = headCarrying(agent, sender, request._header, { ...line, method, path, host });
    if (head !== undefined) rewrite(request, head);
    return;
  }
  const given = (name: string): readonly unknown[] => {
    const value = request.getHeader(name);
    return value === undefined ? nothing : Array.isArray(value) ? value : [value];
  };
  const way = { ...line, method, path, host, authorities: given('host') };
  const headers = carried(agent, sender, given, way);
  if (headers === undefined) return;
  for (const name of traceHeaderNames) {
    const value = headers[name];
    if (value !== undefined) request.setHeader(name, value);
    else if (request.hasHeader(name)) request.removeHeader(name);
  }
}

const nothing: readonly unknown[] = [];

/** Whom a request leads to; undefined before it has a socket, where only that tells. */
function lineFor(request: ClientRequest, agent: AgentPort): Line | undefined {
  const scheme = schemeOf(request.protocol);
  if (!isDirect(agentOf(request), scheme)) {
    const { socket } = request as { socket: Socket | null };
    return socket === null ? undefined : lineOf(socket, scheme, agent);
  }
  // The path of a Unix socket: a process of this machine listens there.
  const { socketPath } = request as { socketPath?: unknown };
  return { peer: socketPath === undefined ? request.host : 'localhost' };
}

const agentOf = (request: ClientRequest): Agent | undefined => (request as { agent?: Agent }).agent;

function rewrite(request: WrittenRequest, head: string): void {
  const written = request._header;
  const [first] = request.outputData;
  if (typeof first?.data === 'string' && first.data.startsWith(written)) {
    // A text that is its body may be behind it.
    first.data = head + first.data.slice(written.length);
    request.outputSize += head.length - written.length;
  }
  request._header = head;
}

/**
 * A request with headers in an array or with an `Expect` header, and one of `get`, is written down when it is
 * made, and `setHeader` would throw; it is not on its way yet, because it gets its socket in a later turn.
 * These fields of Node's have been the same since version 12.
 */
interface WrittenRequest extends ClientRequest {
  _header: string;
  /** With `Expect`, and after `end`, the header waits in here already. */
  outputData: { data: unknown }[];
  outputSize: number;
}

function isWritten(request: ClientRequest): request is WrittenRequest {
  const { _header, outputData } = request as Partial<WrittenRequest>;
  return typeof _header === 'string' && Array.isArray(outputData);
}
