// Makes notifications of oslo.messaging of events, and reads them.
import { createHash } from 'node:crypto';

import type { Line } from '../line.js';

/** What a message tells of the event in it. */
export interface Notification {
  /** The same for each message of one event, however often it was sent. */
  readonly id: string | undefined;
  readonly payload: unknown;
}

/**
 * A function that makes oslo.messaging's notification of a line, as text of JSON without an envelope. Its
 * ids are made of the line, so that a reader knows one that was sent again; oslo.messaging's readers look.
 */
export function notifier(publisher: string, service: string): (line: Line) => { id: string; body: Buffer } {
  const publisher_id = JSON.stringify(publisher);
  const event_type = JSON.stringify(`profiler.${service}`);
  return ({ text }) => {
    const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const message_id = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    // Python's form; the clock's last three digits are nobody's concern here.
    const timestamp = `${new Date().toISOString().slice(0, -1).replace('T', ' ')}000`;
    const body =
      `{"message_id": "${message_id}", "publisher_id": ${publisher_id}, "event_type": ${event_type}, ` +
      `"priority": "INFO", "payload": ${text}, "timestamp": "${timestamp}", "_unique_id": "${id}"}`;
    return { id, body: Buffer.from(body) };
  };
}

/** The id of a notification that `notifier` made, and which came back. */
export function idOf(body: Buffer): string {
  return body.toString('latin1', body.length - 34, body.length - 2);
}

/**
 * Reads a message's body, with oslo.messaging's envelope or without.
 *
 * @returns undefined when it is no notification
 */
export function parseNotification(body: string): Notification | undefined {
  let message = parseObject(body);
  const inner = message?.['oslo.message'];
  if (typeof inner === 'string') message = parseObject(inner);
  if (message === undefined) return undefined;
  const { _unique_id: id, payload } = message;
  return { id: typeof id === 'string' ? id : undefined, payload };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
