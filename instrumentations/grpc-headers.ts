// A part of `grpc.ts`: the trace headers in the metadata of a call that is about to be sent.
import type { Socket } from 'node:net';

import type { AgentPort } from '../src/hooks/port.js';
import { fieldsOf, lineOf } from '../src/hooks/targets/peer.js';
import { type Sender, carried, hostOf } from '../src/propagation/recipients.js';
import { traceHeaderNames } from '../src/trace/headers.js';

/** What is used of the library's metadata; its options are handed on from each copy to the next. */
export interface Metadata {
  clone(): Metadata;
  get(name: string): readonly unknown[];
  set(name: string, value: string): void;
  remove(name: string): void;
  getOptions(): object;
  setOptions(options: object): void;
}

/** What sends a call on an open connection; from 1.8 on its session is that of a transport. */
export interface Connection {
  readonly session?: object;
  readonly transport?: { readonly session?: object };
}

/** A call, as it was given to what sends it before 1.8. */
interface CallStream {
  getHost(): unknown;
  getMethod(): unknown;
}

/** The metadata of a call with the trace headers that whoever can read them may have. */
export function carrying(
  agent: AgentPort,
  sender: Sender,
  connection: Connection,
  [metadata, second, third]: readonly [Metadata, ...unknown[]],
): Metadata {
  const [host, path] =
    typeof second === 'string'
      ? [second, third]
      : [(second as CallStream).getHost(), (second as CallStream).getMethod()];
  const field = fieldsOf(connection.transport?.session ?? connection.session ?? {});
  const headers = carried(agent, sender, (name) => metadata.get(name), {
    ...lineOf(
      field('socket') as Socket | undefined,
      field('protocol') === 'https:' ? 'https' : 'http',
      agent,
    ),
    method: 'POST',
    path: String(path),
    host: hostOf(host) ?? '',
    authorities: [],
  });
  if (headers === undefined) return metadata;
  const copy = metadata.clone();
  for (const name of traceHeaderNames) copy.remove(name);
  for (const [name, value] of Object.entries(headers)) copy.set(name, value);
  return copy;
}
