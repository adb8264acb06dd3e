// A service that speaks oslo.messaging's protocol by amqplib, as its own code: `GET /<method>` calls a Python service, and
// it serves `work` for Python.
const { randomUUID } = require('node:crypto');
const { createServer } = require('node:http');
const amqp = require('amqplib');
const { profiler } = require('ostrace');

const { EXCHANGE: exchange, TOPIC: topic, NEXT_TOPIC: nextTopic, AMQP_URL: url } = process.env;
const sent = { contentType: 'application/json', contentEncoding: 'utf-8' };
const packed = (message) =>
  Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(message) }));
const unpacked = ({ content }) => JSON.parse(JSON.parse(content)['oslo.message']);

(async () => {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'topic', { durable: false });
  await channel.assertQueue(topic, { durable: false, autoDelete: true });
  await channel.bindQueue(topic, exchange, topic);
  await channel.consume(topic, (delivered) => {
    const message = unpacked(delivered);
    const result = profiler.trace('served', () => ({ node: message.args.value }));
    const answer = {
      result,
      failure: null,
      ending: true,
      _msg_id: message._msg_id,
      _unique_id: randomUUID(),
    };
    channel.sendToQueue(message._reply_q, packed(answer), sent);
    channel.ack(delivered);
  });
  const { queue: replies } = await channel.assertQueue('', { exclusive: true });
  const waiting = new Map();
  await channel.consume(
    replies,
    (delivered) => {
      const { _msg_id, result, failure } = unpacked(delivered);
      waiting.get(_msg_id)(failure ?? result);
    },
    { noAck: true },
  );
  const server = createServer(async (request, response) => {
    const method = request.url.slice(1);
    if (method === 'end') {
      response.end();
      await channel.deleteExchange(exchange);
      await connection.close();
      server.close();
      return;
    }
    const _msg_id = randomUUID();
    const answered = new Promise((resolve) => waiting.set(_msg_id, resolve));
    // 1.0 is another text after a round through JSON.parse.
    const content = Buffer.from(
      packed({
        method,
        args: { value: 7 },
        version: '1.0',
        _msg_id,
        _reply_q: replies,
        _unique_id: randomUUID(),
      })
        .toString()
        .replace('7', '1.0'),
    );
    const before = content.toString();
    channel.publish(exchange, nextTopic, content, sent);
    const result = await answered;
    response.end(JSON.stringify({ result, isSame: content.toString() === before }));
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
})();
