// A part of `amqplib.ts`: messages that are being handled. A message is handled when it is acknowledged or refused, by
// its channel, alone or with all before it; or when the channel is gone.
import type { Callback } from '../src/hooks/calls/call.js';
import type { Serving } from '../src/hooks/targets/rpc.js';
import { createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import { createStamp } from '../src/trace/stamp.js';

/** The messages of a channel that are handled in traces, by their tags: numbers that rise. */
type Open = Map<number, Serving>;

interface Delivered {
  readonly fields?: { readonly deliveryTag?: unknown };
}

const guard = createGuard('amqplib acknowledgements');
const openOf = createStamp<Open>();

/** A message without acknowledgement is handled when its function returns; all others wait for theirs. */
export function ends(serving: Serving): boolean {
  const { args, registered } = serving;
  const tag = (args[0] as Delivered).fields?.deliveryTag;
  const options = registered.args[2] as { readonly noAck?: unknown } | null | undefined;
  if (options?.noAck || typeof tag !== 'number') return false;
  let open = openOf.of(registered.self);
  if (open === undefined) openOf.put(registered.self, (open = new Map()));
  open.set(tag, serving);
  return true;
}

/** Watches a channel's acknowledgements: what they say of a message, and whether of all those before it. */
export function watchAcknowledgements(prototype: object): void {
  watch(prototype, 'ack', (open, [message, allUpTo]) => settle(open, message, allUpTo, 'ack'));
  watch(prototype, 'nack', (open, [message, allUpTo]) => settle(open, message, allUpTo, 'nack'));
  watch(prototype, 'reject', (open, [message]) => settle(open, message, false, 'reject'));
  watch(prototype, 'ackAll', (open) => settleAll(open, 'ack'));
  watch(prototype, 'nackAll', (open) => settleAll(open, 'nack'));
}

/** Watches for the end of a channel, whoever has closed it. */
export function watchClosing(prototype: object): void {
  watch(prototype, 'toClosed', (open) => {
    const message = 'the channel was closed before the message was acknowledged';
    for (const serving of open.values()) serving.stop({ end: 'failed', etype: 'Aborted', message });
    open.clear();
  });
}

function watch(
  prototype: object,
  name: string,
  observe: (open: Open, args: readonly unknown[]) => void,
): void {
  patch(
    prototype as Record<string, Callback>,
    name,
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
        const result: unknown = Reflect.apply(original, this, args);
        const open = openOf.of(this);
        if (open !== undefined) guarded(guard, () => observe(open, args));
        return result;
      },
  );
}

function settle(open: Open, message: unknown, allUpTo: unknown, status: string): void {
  const tag = (message as Delivered).fields?.deliveryTag;
  if (typeof tag !== 'number') return;
  if (!allUpTo) {
    open.get(tag)?.stop({ end: 'done', status });
    open.delete(tag);
    return;
  }
  for (const [each, serving] of open) {
    if (each > tag) break;
    serving.stop({ end: 'done', status });
    open.delete(each);
  }
}

function settleAll(open: Open, status: string): void {
  for (const serving of open.values()) serving.stop({ end: 'done', status });
  open.clear();
}
