// Messages of one topic of kafkajs and one consumer; what comes with each is the names of its headers.
const { Kafka, logLevel } = require('kafkajs');
const { profiler } = require('ostrace');

require('./server.cjs')(async (handle) => {
  const name = `ostrace-test-${process.pid}`;
  const kafka = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const consumer = kafka.consumer({ groupId: name, maxWaitTimeInMs: 20 });
  // It goes on for as long as the consumer does, which the first request starts.
  consumer.on(consumer.events.FETCH, () => profiler.trace('fetched', () => {}));
  await producer.send({ topic: name, messages: [{ value: 'created' }] });
  await consumer.connect();
  await consumer.subscribe({ topic: name, fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer
      .run({
        partitionsConsumedConcurrently: 4,
        eachMessage: async ({ message: { value, headers } }) => {
          if (String(value) === 'created') resolve();
          else await handle(String(value), Object.keys(headers).toSorted().join());
        },
      })
      .catch(reject);
  });
  return {
    send: (id, sent) =>
      producer.send({ topic: name, messages: [{ value: id, headers: { own: id } }] }).then(sent),
    async close() {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
});
