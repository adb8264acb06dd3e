// Sends a batch of messages, and finds out which of them RabbitMQ has stored.
import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';

import { reasonOf } from './connection.js';
import { WriteError } from '../driver.js';
import type { Line } from '../line.js';
import { idOf } from './notification.js';

/** An event and how it is sent. */
export interface Outgoing {
  readonly line: Line;
  readonly id: string;
  readonly body: Buffer;
}

/** Where to, and what each message has besides its body. */
export interface Target {
  readonly exchange: string;
  readonly key: string;
  readonly properties: import('amqplib').Options.Publish;
}

const confirmTimeoutMs = 25_000;

/**
 * Sends messages; settled when the broker has answered for all, and earlier where it says that it takes
 * nothing now, where the connection is lost, or when the time is up.
 *
 * @throws WriteError that knows which are not stored
 */
export function publishAll(
  { model, channel }: { readonly model: ChannelModel; readonly channel: ConfirmChannel },
  { exchange, key, properties }: Target,
  messages: readonly Outgoing[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const unanswered = new Set(messages);
    const refused: Outgoing[] = [];
    const returned = new Set<string>();
    let closedBy = 'the connection was lost';

    const onReturn = (message: Message): unknown => returned.add(idOf(message.content));
    const onError = (error: Error): unknown => (closedBy = reasonOf(error));
    const onClose = (): void => settle(closedBy);
    const onBlocked = (reason: string): void => settle(`it takes no messages now: ${reason}`);
    const timeout = setTimeout(
      settle,
      confirmTimeoutMs,
      `no answer within ${confirmTimeoutMs / 1000} seconds`,
    );
    channel.on('return', onReturn).on('error', onError).on('close', onClose);
    model.on('error', onError).on('blocked', onBlocked);

    function settle(reason?: string): void {
      clearTimeout(timeout);
      channel.off('return', onReturn).off('error', onError).off('close', onClose);
      model.off('error', onError).off('blocked', onBlocked);
      const tooLong = tooLongFor(reason);
      const again = [...unanswered, ...refused, ...messages.filter(({ id }) => returned.has(id))].filter(
        ({ body }) => !tooLong(body),
      );
      const lost = [...unanswered].filter(({ body }) => tooLong(body)).length;
      if (again.length === 0 && lost === 0) return resolve();
      const why = reason ?? (returned.size > 0 ? 'the queue is gone' : 'it refused messages');
      reject(
        new WriteError(
          why,
          lost,
          again.map(({ line }) => line),
          { isCertain: unanswered.size === 0 },
        ),
      );
    }

    function onAnswer(message: Outgoing, error: Error | null): void {
      // A channel that closes tells so here too; `close` knows why.
      if (error !== null && error.message !== 'message nacked') return;
      unanswered.delete(message);
      if (error !== null) refused.push(message);
      if (unanswered.size === 0) settle();
    }

    try {
      for (const message of messages) {
        channel.publish(exchange, key, message.body, properties, (error: Error | null) =>
          onAnswer(message, error),
        );
      }
    } catch (error) {
      settle(reasonOf(error));
    }
  });
}

/** RabbitMQ closes the channel at a message that is longer than its `max_message_size`. */
function tooLongFor(reason = ''): (body: Buffer) => boolean {
  const limit = Number(/larger than configured max size (\d+)/.exec(reason)?.[1] ?? Infinity);
  return (body) => body.length > limit;
}
