// Messages of kafkajs, one at a time in each call of `send`.
import type * as Kafkajs from 'kafkajs';

import { type Kind, load, together } from '../kind.js';

export const kafkajs: Kind = {
  name: 'kafkajs: send',
  count: 20,
  points: 1,
  isCoarse: true,
  needs: 'Kafka',
  async open() {
    const { Kafka, logLevel } = load<typeof Kafkajs>('kafkajs');
    const brokers = process.env['KAFKA_BROKERS']!.split(',');
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const topic = `ostrace-benchmark-${process.ppid}`;
    const send = (): Promise<unknown> => producer.send({ topic, messages: [{ value: '{"order":42}' }] });
    // The first one makes the topic, and learns who leads it.
    await send();
    return together(send);
  },
};
