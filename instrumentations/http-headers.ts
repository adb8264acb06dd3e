// A part of `http-client.ts`: how a request of `http` and `https` carries the trace on.
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded } from '../src/hooks/guard.js';
import { valuesIn, withTraceHeaders } from '../src/propagation/head.js';
import { patch } from '../src/hooks/patch.js';
import { isDirect, lineOf } from '../src/hooks/targets/peer.js';
import {
  type Carried,
  type Given,
  type Line,
  type Sender,
  type Way,
  carried,
} from '../src/propagation/recipients.js';
import type { AgentPort } from '../src/hooks/port.js';
import type { Context } from '../src/trace/context.js';
import { infoHeader, traceHeaderNames } from '../src/trace/headers.js';
import { createStamp } from '../src/trace/stamp.js';
import { tracing } from '../src/trace/trace.js';

const info = infoHeader.toLowerCase();

/** What a request carries on, and where it was made. */
interface Outgoing extends Sender {
  readonly scheme: 'http' | 'https';
  readonly caller: Context;
}

const outgoing = createStamp<Outgoing>();

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
        const its = tracing.live === 0 || guard.off ? undefined : outgoing.of(this);
        if (its !== undefined) guarded(guard, () => inject(this as ClientRequest, its, agent));
        return Reflect.apply(original, this, arguments as unknown as unknown[]);
      },
  );
}

/**
 * Sees to it that a request carries the trace on, to whoever may know of it: decided by the headers that are sent in
 * the end, and by whom the request goes to. Node's own agents tell that at once, for others the socket does.
 */
export function carry(request: ClientRequest, its: Outgoing, agent: AgentPort, guard: Guard): void {
  watchHeads(agent);
  outgoing.put(request, its);
  if (isDirect(agentOf(request), its.scheme)) {
    if (isWritten(request)) inject(request, its, agent);
    return;
  }
  // The event comes before what is written down is sent.
  bindEmitter(request, its.caller, guard, (event) => {
    if (event === 'socket' && isWritten(request)) inject(request, its, agent);
  });
}

function inject(request: ClientRequest, its: Outgoing, agent: AgentPort): void {
  const { scheme, context } = its;
  const line = lineFor(request, scheme, agent);
  // It is asked again when there is one.
  if (line === undefined) return;
  const { method, path, host } = request;
  const decide = (given: Given, authorities: Way['authorities']): Carried | undefined =>
    carried(agent, its, given, { ...line, method, path, host, authorities }, () => agent.headersFor(context));
  if (isWritten(request)) {
    const head = request._header;
    const given = { infos: valuesIn(head, info), authorization: valuesIn(head, 'authorization') };
    const headers = decide(given, valuesIn(head, 'host'));
    if (headers !== undefined) rewrite(request, withTraceHeaders(head, headers));
    return;
  }
  const said = (name: string): readonly unknown[] => {
    const value = request.getHeader(name);
    return value === undefined ? nothing : Array.isArray(value) ? value : [value];
  };
  const headers = decide({ infos: said(info), authorization: said('authorization') }, said('host'));
  if (headers === undefined) return;
  for (const name of traceHeaderNames) {
    const value = headers[name];
    if (value !== undefined) request.setHeader(name, value);
    else if (request.hasHeader(name)) request.removeHeader(name);
  }
}

const nothing: readonly unknown[] = [];

function lineFor(request: ClientRequest, scheme: 'http' | 'https', agent: AgentPort): Line | undefined {
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
