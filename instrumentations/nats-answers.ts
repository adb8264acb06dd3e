// A part of `nats.ts`: messages that are being handled. A call is served when its answer is sent; a message of JetStream
// is handled when it is acknowledged, in whatever way. Both are messages to a subject that is there once.
import { observeAfter } from '../src/hooks/calls/method.js';
import type { Outcome, Serving } from '../src/hooks/targets/rpc.js';
import { createStamp } from '../src/trace/stamp.js';

/** The messages of a connection that are handled in traces, by the subjects of their answers. */
type Open = Map<string, Serving>;

const openOf = createStamp<Open>();

/** Whether an answer ends this message: not if another subscription of this process was given the same one before. */
export function endsByAnswer(connection: object, reply: string, serving: Serving): boolean {
  let open = openOf.of(connection);
  if (open === undefined) openOf.put(connection, (open = new Map()));
  // The oldest come first. What nobody answers stays until its trace is given up.
  for (const [oldest, { context }] of open) {
    if (!context.trace.isGone) break;
    open.delete(oldest);
  }
  if (open.has(reply)) return false;
  open.set(reply, serving);
  return true;
}

/** Looks at what is sent: it may be an answer. */
export function noteAnswer([subject, payload, options]: readonly unknown[], connection: object): void {
  const open = openOf.of(connection);
  const serving = open?.get(subject as string);
  if (serving === undefined) return;
  const outcome = String(subject).startsWith('$JS.ACK.') ? acknowledgement(payload) : answer(options);
  if (outcome === undefined) return;
  open!.delete(subject as string);
  serving.stop(outcome);
}

const statuses: readonly (readonly [text: string, status: string | undefined])[] = [
  ['-NAK', 'nak'],
  ['+TERM', 'term'],
  // It is still being worked on.
  ['+WPI', undefined],
];

function acknowledgement(payload: unknown): Outcome | undefined {
  const text =
    payload instanceof Uint8Array ? Buffer.from(payload.subarray(0, 5)).toString() : String(payload);
  const [, status] = statuses.find(([begin]) => text.startsWith(begin)) ?? ['', 'ack'];
  return status === undefined ? undefined : { end: 'done', status };
}

interface Headers {
  get?(name: string): unknown;
}

const answer = (options: unknown): Outcome =>
  failureIn((Object(options) as { headers?: Headers }).headers) ?? { end: 'done' };

/** The header by which NATS's services answer in place of a result. */
export function failureIn(headers: Headers | undefined): Outcome | undefined {
  const code = headers?.get?.('Nats-Service-Error-Code');
  if (typeof code !== 'string' || code === '') return undefined;
  const message = headers?.get?.('Nats-Service-Error');
  return { end: 'failed', status: code, etype: 'ServiceError', message: String(message), isAnswered: true };
}

/** Watches for the end of a connection, whoever has closed it. */
export function watchClosing(prototype: object): void {
  observeAfter(prototype as { close: unknown }, 'close', 'nats connections', (connection) => {
    const open = openOf.of(connection);
    if (open === undefined) return;
    const message = 'the connection was closed before the message was answered';
    for (const serving of open.values()) serving.stop({ end: 'failed', etype: 'Aborted', message });
    open.clear();
  });
}
