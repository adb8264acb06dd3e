// Sends and handles messages in the styles that every supported kafkajs has; prints what the application saw. Each style
// is a point of its own, and so is what a handler does: it shows where that ran.
const { profiler } = require('ostrace');

/** kafkajs gives up on errors of JavaScript's own classes. */
class TooFar extends Error {}

module.exports = async function calls({ kafkajs }) {
  const { CompressionTypes, Kafka, logLevel } = kafkajs;
  const results = {};
  const topics = `ostrace-test-${process.pid}`;
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.message.replaceAll(topics, '')}`;
      }
    });
  };
  const here = (name) => profiler.trace(name, () => {});
  const kafka = new Kafka({
    clientId: topics,
    brokers: process.env.KAFKA_BROKERS.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 10, retries: 2 },
  });
  const producer = kafka.producer();
  const transactional = kafka.producer({ transactionalId: topics, maxInFlightRequests: 1 });
  await Promise.all([producer.connect(), transactional.connect()]);
  results.looks = [producer.send, producer.sendBatch, producer.transaction].map((each) => [
    each.name,
    each.length,
    'prototype' in each,
  ]);

  const ownHeaders = Object.freeze({ own: 'a', 'x-request-id': Buffer.from('1') });
  const message = Object.freeze({ key: 'k', value: 'a', headers: ownHeaders });

  const seen = new Map();
  /** What the next so many messages of a topic were, once they are handled. */
  const next = (topic, count = 1) => new Promise((done) => seen.set(topic, { count, done, came: [] }));
  const told = (topic, messages) => {
    const waiting = seen.get(topic);
    for (const { key, value, headers } of messages) {
      const own = Object.entries(headers).filter(([header]) => !header.startsWith('x-trace-'));
      waiting.came.push([String(key), String(value), own.map((each) => each.map(String))]);
    }
    if (waiting.came.length < waiting.count) return;
    // The next style must not begin before the end of what handles the message.
    setTimeout(() => waiting.done(waiting.came), 5);
  };
  const later = () => new Promise((resolve) => setTimeout(resolve, 2));

  const failed = new Set();
  const singles = kafka.consumer({ groupId: `${topics}-singles`, maxWaitTimeInMs: 20 });
  const batches = kafka.consumer({ groupId: `${topics}-batches`, maxWaitTimeInMs: 20 });
  const [one, many] = [`${topics}-one`, `${topics}-many`];
  const config = Object.freeze({
    eachMessage: async ({ topic, message: each }) => {
      here('handled');
      await later();
      here('still');
      if (String(each.value) === 'passed on') {
        await producer.send({ topic: many, messages: [{ value: 'a', headers: each.headers }] });
      }
      told(topic, [each]);
      if (String(each.value) === 'fails' && !failed.has(each.offset)) {
        failed.add(each.offset);
        throw new TooFar('too far');
      }
    },
  });
  const consume = async (consumer, topic, options) => {
    await producer.send({ topic, messages: [{ value: 'first' }] });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const first = next(topic);
    await consumer.run(options);
    await first;
  };
  await Promise.all([
    consume(singles, one, config),
    consume(batches, many, {
      eachBatch: async ({ batch }) => {
        here('handled');
        await later();
        here('still');
        told(batch.topic, batch.messages);
      },
    }),
  ]);

  const sent = async (count, send) => {
    const handled = next(one, count);
    const metadata = await send();
    return [metadata.map(({ errorCode }) => errorCode), (await handled).toSorted()];
  };
  await style('sent', () => sent(1, () => producer.send({ topic: one, messages: [{ value: 'a' }] })));
  await style('with headers', () =>
    sent(1, () => producer.send(Object.freeze({ topic: one, messages: Object.freeze([message]) }))),
  );
  await style('compressed', () =>
    sent(1, () => producer.send({ topic: one, messages: [message], compression: CompressionTypes.GZIP })),
  );
  await style('several', () =>
    sent(2, () =>
      producer.send({
        topic: one,
        messages: [
          { value: 'a', partition: 0 },
          { value: 'b', partition: 0, headers: ownHeaders },
        ],
      }),
    ),
  );
  await style('in batches', async () => {
    const handled = next(one);
    const other = next(many, 2);
    await producer.sendBatch({
      topicMessages: [
        { topic: one, messages: [message] },
        {
          topic: many,
          messages: [
            { value: 'a', partition: 0 },
            { value: 'b', partition: 0 },
          ],
        },
      ],
    });
    return [await handled, (await other).toSorted()];
  });
  await style('in a transaction', async () => {
    const transaction = await transactional.transaction();
    const handled = next(one, 2);
    await transaction.send({ topic: one, messages: [{ value: 'a', partition: 0 }] });
    await transaction.sendBatch({
      topicMessages: [{ topic: one, messages: [{ value: 'b', partition: 0 }] }],
    });
    await transaction.commit();
    return (await handled).toSorted();
  });
  await style('failed and handled again', () =>
    sent(2, () => producer.send({ topic: one, messages: [{ value: 'fails' }] })),
  );
  await style('passed on', async () => {
    const other = next(many);
    const handled = await sent(1, () => producer.send({ topic: one, messages: [{ value: 'passed on' }] }));
    return [handled, await other];
  });
  await style('a wrong message', () => producer.send({ topic: one, messages: [{}] }));

  results.message = [message.headers.own, Object.keys(message)];
  await Promise.all([singles, batches].map((each) => each.disconnect()));
  await Promise.all([producer, transactional].map((each) => each.disconnect()));
  await style('disconnected', () => producer.send({ topic: one, messages: [message] }));
  process.stdout.write(JSON.stringify(results));
};
