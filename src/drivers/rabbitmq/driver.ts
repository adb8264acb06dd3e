// RabbitMQ in the layout of OSProfiler's driver `messaging`.
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';

import { count } from '../../trace/count.js';
import { createConnection, nameOf, reasonOf } from './connection.js';
import { drain } from './drain.js';
import { publishAll } from './publish.js';
import { parseBroker } from './url.js';
import { schemeOf } from '../connection-string.js';
import { type Driver, DriverError, type DriverSettings, WriteError } from '../driver.js';
import { answerBytes } from '../intake.js';
import { within } from '../within.js';
import { notifier } from './notification.js';

// oslo.messaging's names for notifications of the topic "profiler" at the level "info".
const exchange = 'openstack';
const queue = 'profiler.info';
const asOslo = { durable: false, autoDelete: false } as const;
const target = {
  exchange,
  key: queue,
  properties: {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    headers: {},
    deliveryMode: 2,
    priority: 0,
    // What the broker can't put into a queue comes back: somebody deleted it.
    mandatory: true,
  },
} as const;

/** For one answer of a broker that is connected. */
const answerTimeoutMs = 25_000;

const notFound = 404;
/** Not allowed to declare; declared by somebody else in another way. */
const undeclarable: readonly unknown[] = [403, 406];

/**
 * Opens RabbitMQ in the layout of OSProfiler's driver `messaging`: a queue of oslo.messaging's notifications.
 * Reading leaves all messages in the queue; OSProfiler takes all of them out of it.
 *
 * @param connectionString `messaging://` for the broker of the setting `transportUrl`, or a broker's URL
 * @throws DriverError when it names no broker
 */
export function openMessagingDriver(connectionString: string, settings: DriverSettings): Driver {
  const scheme = schemeOf(connectionString);
  const broker = parseBroker(scheme === 'messaging' ? transportUrl(settings) : connectionString);
  const name = `RabbitMQ at ${broker.nodes.map(nameOf).join(', ')}`;
  const connection = createConnection(broker, scheme);
  const notificationOf = notifier(settings.host, settings.service);
  let publishing: ConfirmChannel | undefined;

  async function publisher(model: ChannelModel): Promise<ConfirmChannel> {
    if (publishing?.connection === model.connection) return publishing;
    const channel = await answer(declared(() => model.createConfirmChannel()));
    channel.on('close', () => (publishing = publishing === channel ? undefined : publishing));
    return (publishing = channel);
  }

  /** Uses the queue, given how many messages it holds; undefined where there is none. */
  async function reading<Result>(
    use: (channel: Channel, messages: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      connection.expect(answerBytes.read);
      const model = await connection.get();
      const channel = watched(await answer(model.createChannel()));
      const messages = await countMessages(channel);
      // The channel is closed then.
      if (messages === undefined) return undefined;
      const result = await use(channel, messages);
      // What was delivered goes back into the queue.
      await answer(channel.close());
      return result;
    } catch (error) {
      // So it does where the connection ends.
      await connection.drop();
      throw failed('read', error, true);
    }
  }

  /** An error as people are to see it. */
  function failed(verb: string, error: unknown, isCertain: boolean): DriverError {
    if (error instanceof DriverError && !(error instanceof WriteError)) return error;
    const message = `cannot ${verb} ${name}: ${reasonOf(error)}`;
    return error instanceof WriteError
      ? new WriteError(message, error.refused, error.again, { cause: error, isCertain: error.isCertain })
      : new DriverError(message, { cause: error, isCertain });
  }

  const cannotList = (): never => {
    throw new DriverError(
      `${scheme}:// cannot list traces: they are messages in a queue; name the trace, or list those of another store`,
    );
  };

  return {
    async write(lines) {
      if (lines.length === 0) return;
      try {
        connection.expect(answerBytes.write);
        const model = await connection.get();
        // It would not even answer.
        const blocked = connection.blockedBy();
        if (blocked !== undefined) throw new Error(`it takes no messages now: ${blocked}`);
        const channel = await publisher(model);
        const messages = lines.map((line) => ({ line, ...notificationOf(line) }));
        // Where the queue is gone, it sends back what it got.
        const sent = messages.reduce((sum, { body }) => sum + body.length, 0);
        connection.expect(2 * (answerBytes.write + sent));
        await publishAll({ model, channel }, target, messages);
      } catch (error) {
        // The next attempt declares the queue again. One that is blocked stays connected, to hear of the end.
        if (connection.blockedBy() === undefined) await connection.drop();
        throw failed('write to', error, true);
      }
    },

    list: async () => cannotList(),
    listErrors: async () => cannotList(),

    read: (base_id) =>
      reading((channel, messages) =>
        drain(channel, queue, messages, base_id, () => connection.expect(answerBytes.read)),
      ),

    async check() {
      const size = await reading(async (_, messages) => messages);
      return size === undefined
        ? `the queue ${queue} is not there yet on ${name}; the first trace makes it`
        : `${count(size, 'event')} in the queue ${queue} on ${name}`;
    },

    close: () => connection.close(),
  };
}

async function countMessages(channel: Channel): Promise<number | undefined> {
  try {
    return (await answer(channel.checkQueue(queue))).messageCount;
  } catch (error) {
    if ((error as { code?: unknown }).code === notFound) return undefined;
    throw error;
  }
}

function transportUrl(settings: DriverSettings): string {
  if (settings.transportUrl !== undefined) return settings.transportUrl;
  throw new DriverError(
    'messaging:// needs the address of the broker; set OSTRACE_TRANSPORT_URL to rabbit://user:password@host:5672/',
    { isCertain: true },
  );
}

/** A channel on which exchange and queue are there, and bound to each other. */
async function declared(open: () => Promise<ConfirmChannel>): Promise<ConfirmChannel> {
  const channel = watched(await open());
  try {
    await channel.assertExchange(exchange, 'topic', asOslo);
    await channel.assertQueue(queue, asOslo);
    await channel.bindQueue(queue, exchange, queue);
    return channel;
  } catch (error) {
    if (!undeclarable.includes((error as { code?: unknown }).code)) throw error;
  }
  // The error has closed the channel. What is there is used, as when `amqp_durable_queues` is set for OSProfiler.
  const other = watched(await open());
  await other.checkExchange(exchange);
  await other.checkQueue(queue);
  return other;
}

/** Without a listener, an error of the channel would end the thread; who uses it is told by its calls. */
function watched<Any extends Channel>(channel: Any): Any {
  channel.on('error', () => {});
  return channel;
}

function answer<Result>(promise: Promise<Result>): Promise<Result> {
  const late = (): Error => new Error(`no answer within ${answerTimeoutMs / 1000} seconds`);
  return within(answerTimeoutMs, promise, late);
}
