// A web server that puts a job into a queue and handles it too, `GET /7`, on one channel. It connects and consumes at its
// first request, whatever that is.
const { createServer } = require('node:http');
const amqp = require('amqplib');
const { profiler } = require('ostrace');

const waiting = new Map();
let connecting;

async function connect() {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.prefetch(20);
  await channel.consume(queue, async (message) => {
    const id = String(message.content);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    profiler.trace(`handled ${id}`, () => {});
    channel.ack(message);
    waiting.get(id)(Object.keys(message.properties.headers).toSorted().join());
  });
  return { connection, channel, queue };
}

const server = createServer(async ({ url }, response) => {
  const id = url.slice(1);
  const { connection, channel, queue } = await (connecting ??= connect());
  if (id === 'end') {
    await connection.close();
    response.end();
    server.close();
    return;
  }
  const handled = new Promise((resolve) => waiting.set(id, resolve));
  channel.sendToQueue(queue, Buffer.from(id), { headers: { own: id } }, () =>
    profiler.trace(`sent ${id}`, () => {}),
  );
  response.end(await handled);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
