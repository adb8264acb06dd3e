// Reads a trace out of RabbitMQ's queue, and leaves all messages in it.
import { setTimeout as delay } from 'node:timers/promises';

import type { Channel, ConsumeMessage } from 'amqplib';

import type { Event } from '../../trace/event.js';
import { eventOf } from '../../trace/parse.js';
import { DriverError, type StoredTrace } from '../driver.js';
import { cutToLine } from '../http/errors.js';
import { answerBytes, tooLong } from '../intake.js';
import { parseNotification } from './notification.js';

/** OSProfiler's `idle_timeout`: how long more of a trace is waited for. */
const idleMs = 1000;
/** How long a broker may take to go on with what it has. */
const stalledMs = 5000;
const pollMs = 20;
const accessRefused = 403;

/**
 * Has all messages of a queue delivered, and takes those of one trace. None is acknowledged: the broker puts
 * all of them back, in their order, when the channel is closed. Meanwhile nobody else may read, so that
 * nobody sees a part of a trace.
 *
 * @param count how many messages there are
 * @param onMessage is told of each: the queue as a whole may be of any size
 * @returns undefined when the queue holds nothing of the trace
 * @throws DriverError when somebody else reads the queue
 */
export async function drain(
  channel: Channel,
  queue: string,
  count: number,
  base_id: string,
  onMessage: () => void,
): Promise<StoredTrace | undefined> {
  const events: Event[] = [];
  let bytes = 0;
  const ids = new Set<string>();
  let skipped = 0;
  const now = performance.now();
  const seen = { delivered: 0, deliveredAt: now, grewAt: now, isOver: false };

  function take(message: ConsumeMessage | null): void {
    // The queue was deleted.
    if (message === null) return void (seen.isOver = true);
    seen.delivered++;
    seen.deliveredAt = performance.now();
    onMessage();
    if (!message.content.includes(base_id)) return;
    bytes += message.content.length;
    if (bytes > answerBytes.read) return void (seen.isOver = true);
    const notification = parseNotification(message.content.toString());
    const event = eventOf(notification?.payload);
    if (event === undefined) return void skipped++;
    const id = notification?.id;
    if (event.base_id !== base_id || (id !== undefined && ids.has(id))) return;
    if (id !== undefined) ids.add(id);
    events.push(event);
    seen.grewAt = seen.deliveredAt;
  }

  function waitsForMore(): boolean {
    const idle = performance.now() - (seen.delivered < count ? seen.deliveredAt : seen.grewAt);
    return idle < (seen.delivered < count ? stalledMs : idleMs);
  }

  channel.on('close', () => (seen.isOver = true));
  await consume(channel, queue, take);
  while (!seen.isOver && waitsForMore()) await delay(pollMs);
  if (bytes > answerBytes.read) throw tooLong(answerBytes.read);
  return events.length + skipped === 0 ? undefined : { events, skipped };
}

async function consume(
  channel: Channel,
  queue: string,
  take: (message: ConsumeMessage | null) => void,
): Promise<void> {
  try {
    await channel.consume(queue, take, { exclusive: true });
  } catch (error) {
    // RabbitMQ has one code for both.
    const { code, message = '' } = error as { code?: unknown; message?: string };
    if (code !== accessRefused) throw error;
    if (!/exclusive/i.test(message)) {
      throw new DriverError(
        `this user may not read the queue ${queue}; rabbitmqctl set_permissions gives it the right: ${cutToLine(message)}`,
        { cause: error, isCertain: true },
      );
    }
    throw new DriverError(
      `another consumer reads the queue ${queue}; stop it, because a trace can be read only without other consumers`,
      { cause: error, isCertain: true },
    );
  }
}
