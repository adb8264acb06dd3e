// What a message to a broker carries of a trace. A part of its own: it shares with HTTP's parts who gets signed headers.
import type { Socket } from 'node:net';

import { type Carried, type Given, type Sender, carried } from '../../propagation/recipients.js';
import type { AgentPort } from '../port.js';
import { lineOf } from './peer.js';

/**
 * Decides what a message carries of the trace that it is sent in.
 *
 * @param socket the connection to the broker, whose host must be one that may have signed headers
 * @returns undefined where the message stays as it is
 */
export function messageHeaders(
  agent: AgentPort,
  sender: Sender,
  socket: Socket | undefined,
  given: Given,
): Carried | undefined {
  const line = lineOf(socket, 'http', agent);
  const way = { ...line, method: '', path: '', host: line.peer ?? '', authorities: [] };
  return carried(agent, sender, given, way);
}
