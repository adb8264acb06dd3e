import { randomBytes } from 'node:crypto';

import { connect } from 'amqplib';

import { atEnd } from './lifetime.mjs';

/** Makes a queue in this machine's RabbitMQ; gives how the services reach it, or nothing without one. */
export async function useRabbitmq() {
  const AMQP_URL = 'amqp://guest:guest@127.0.0.1:5672';
  let connection;
  try {
    connection = await connect(AMQP_URL, { timeout: 1000 });
  } catch (error) {
    console.log(`RabbitMQ    none at 127.0.0.1:5672 (${error.code}), so amqplib does not take part`);
    return {};
  }
  connection.on('error', () => {});
  const SHIPMENTS = `ostrace_demo_${randomBytes(4).toString('hex')}`;
  const channel = await connection.createChannel();
  await channel.assertQueue(SHIPMENTS);
  await atEnd(async () => {
    await channel.deleteQueue(SHIPMENTS);
    await connection.close();
  });
  console.log('RabbitMQ    127.0.0.1:5672');
  return { AMQP_URL, SHIPMENTS };
}
