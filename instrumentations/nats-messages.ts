// A part of `nats.ts`: what is known of a received message. Its own accessors decode and keep what they give, so they are
// asked only for messages that are traced.
import type { HandledKind } from '../src/hooks/targets/rpc.js';
import { infoName } from '../src/trace/headers.js';

/** A message as the parser has it. */
export interface Parsed {
  readonly sid?: unknown;
  readonly reply?: Uint8Array;
  /** How many of its bytes are headers; -1 where it has none. */
  readonly hdr?: number;
}

/** A message of NATS, or one of JetStream around it. */
export interface Message {
  readonly _msg?: Parsed;
  readonly _rdata?: Uint8Array;
  readonly publisher?: object;
  readonly msg?: Message;
}

/** The message of NATS in one of JetStream. */
export const innermost = (message: unknown): Message | undefined => {
  const { msg } = Object(message) as Message;
  return msg ?? (message as Message | undefined);
};

// The headers are looked at up to this many bytes.
const mostBytes = 65_536;
const newline = 0x0a;
const lowerCase = 0x20;
const wanted = Buffer.from(infoName);

/** The headers of a message, as pairs, if they name a trace. */
export function headersIn({ hdr = -1 }: Parsed, data: Uint8Array): readonly string[][] | undefined {
  const end = Math.min(hdr, data.length, mostBytes);
  if (!namesTrace(data, end)) return undefined;
  const lines = Buffer.from(data.buffer, data.byteOffset, end).toString('latin1').split('\r\n');
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim()];
  });
}

/** The same for a message that the application is given. */
export function receivedIn(message: unknown): unknown {
  const { _msg, _rdata } = innermost(message) ?? {};
  return _msg === undefined || _rdata === undefined ? undefined : headersIn(_msg, _rdata);
}

/** Whether one of the lines begins with the name. Nothing is allocated: every message with headers is looked at. */
function namesTrace(data: Uint8Array, end: number): boolean {
  for (let i = 0; i < end - wanted.length; i++) {
    if (data[i] !== newline) continue;
    let length = 0;
    while (length < wanted.length && (data[i + 1 + length]! | lowerCase) === wanted[length]) length++;
    if (length === wanted.length) return true;
  }
  return false;
}

/** The subject that an answer goes to; undefined if none is asked for. */
export const replyOf = ({ reply }: Parsed): string | undefined =>
  reply === undefined || reply.length === 0 ? undefined : Buffer.from(reply).toString();

const acknowledged = '$JS.ACK.';

/** JetStream has its acknowledgements sent where answers are. */
export const isAcknowledged = (reply: string | undefined): boolean =>
  reply?.startsWith(acknowledged) === true;

/** A receiver of a message that asks for an answer serves a call. */
export function kindOf({ _msg = {} }: Message): HandledKind {
  const reply = replyOf(_msg);
  return reply === undefined || isAcknowledged(reply) ? 'consumer' : 'server';
}
