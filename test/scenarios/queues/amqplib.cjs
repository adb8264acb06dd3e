// Messages on one channel of amqplib; what comes with each is the names of its headers.
const amqp = require('amqplib');

require('./server.cjs')(async (handle) => {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.prefetch(20);
  await channel.consume(queue, async (message) => {
    await handle(String(message.content), Object.keys(message.properties.headers).toSorted().join());
    channel.ack(message);
  });
  return {
    send: (id, sent) => channel.sendToQueue(queue, Buffer.from(id), { headers: { own: id } }, sent),
    close: () => connection.close(),
  };
});
