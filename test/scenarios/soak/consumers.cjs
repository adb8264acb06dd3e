// Consumers of each library that handle messages for as long as the service runs, and what sends to them. Each function
// takes what handles a message's text; it gives `send`, which takes the texts of several messages, and `close`.
const name = `ostrace-soak-${process.pid}`;

async function connectNats() {
  return require('nats').connect({ servers: process.env.NATS_URL });
}

async function sendingNats(connection) {
  // The subscription is there.
  await connection.flush();
  return {
    async send(texts) {
      for (const text of texts) connection.publish(name, text);
      await connection.flush();
    },
    close: () => connection.close(),
  };
}

module.exports = {
  async amqplib(handle) {
    const connection = await require('amqplib').connect(process.env.AMQP_URL);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.prefetch(200);
    await channel.consume(queue, async (message) => {
      await handle(String(message.content));
      channel.ack(message);
    });
    return {
      async send(texts) {
        for (const text of texts) channel.sendToQueue(queue, Buffer.from(text));
        await channel.waitForConfirms();
      },
      close: () => connection.close(),
    };
  },

  async 'nats, a callback'(handle) {
    const connection = await connectNats();
    connection.subscribe(name, { callback: (_error, message) => void handle(message.string()) });
    return sendingNats(connection);
  },

  async 'nats, a loop'(handle) {
    const connection = await connectNats();
    const messages = connection.subscribe(name);
    void (async () => {
      for await (const message of messages) await handle(message.string());
    })();
    return sendingNats(connection);
  },

  async ioredis(handle) {
    const { Redis } = require('ioredis');
    const subscriber = new Redis(process.env.REDIS_URL);
    const publisher = new Redis(process.env.REDIS_URL);
    subscriber.on('message', (_channel, text) => void handle(text));
    await subscriber.subscribe(name);
    return {
      send: (texts) => Promise.all(texts.map((text) => publisher.publish(name, text))),
      close: () => Promise.all([subscriber.quit(), publisher.quit()]),
    };
  },

  async bullmq(handle) {
    const { Queue, Worker } = require('bullmq');
    const { hostname, port, pathname } = new URL(process.env.REDIS_URL);
    const connection = { host: hostname, port: Number(port), db: Number(pathname.slice(1)) };
    const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
    const worker = new Worker(name, ({ data }) => handle(data), { connection, concurrency: 20 });
    await worker.waitUntilReady();
    return {
      send: (texts) => queue.addBulk(texts.map((data) => ({ name: 'job', data }))),
      async close() {
        await worker.close();
        await queue.obliterate({ force: true });
        await queue.close();
      },
    };
  },
};
