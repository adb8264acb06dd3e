// What a message or a remote procedure call carries of a trace. A part of its own: it shares with HTTP's parts the rules
// for who gets signed headers.
import type { Socket } from 'node:net';

import { type Carried, type Given, type Sender, carried, hostOf } from '../../propagation/recipients.js';
import type { AgentPort } from '../port.js';
import { fieldsOf, lineOf } from './peer.js';

/** Whom a message is sent to. */
export interface Recipient {
  /** The connection to it: a socket, or a session of HTTP/2. */
  readonly socket?: Socket | undefined;
  readonly session?: object | undefined;
  /** The host that it is for, and maybe its port; the one that the connection leads to if undefined. */
  readonly authority?: unknown;
}

/**
 * Decides what a message carries of the trace that it is sent in.
 *
 * @returns undefined where the message stays as it is
 */
export function messageHeaders(
  agent: AgentPort,
  sender: Sender,
  { socket, session, authority }: Recipient,
  given: Given,
): Carried | undefined {
  const field = session && fieldsOf(session);
  const scheme = field?.('protocol') === 'https:' ? 'https' : 'http';
  const line = lineOf((field?.('socket') as Socket | undefined) ?? socket, scheme, agent);
  const host = authority === undefined ? line.peer : hostOf(authority);
  return carried(agent, sender, given, { ...line, method: '', path: '', host: host ?? '', authorities: [] });
}
