// Sends messages to one partition of a topic of Kafka, with the headers that its argument lists, and handles them in one
// batch. Prints which headers came.
const { Kafka, logLevel } = require('kafkajs');
const { profiler } = require('ostrace');

const topic = `ostrace-test-${process.pid}`;
const kafka = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 20 });
const messages = JSON.parse(process.argv[2]).map((headers) => ({ value: 'a', partition: 0, headers }));

async function main() {
  await producer.connect();
  await producer.send({ topic, messages });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const batch = await new Promise((resolve) => {
    void consumer.run({
      async eachBatch({ batch: given }) {
        await profiler.trace('handled', () => new Promise((done) => setTimeout(done, 2)));
        // After the end of what handles the batch.
        setTimeout(resolve, 5, given);
      },
    });
  });
  await consumer.disconnect();
  await producer.disconnect();
  console.log(JSON.stringify(batch.messages.map(({ headers }) => Object.keys(headers))));
}
void main();
