// Sends and handles messages in the styles that every supported amqplib has; prints what came back. Each style is a
// point of its own, and so is what a consumer or a callback does: it shows where that ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ amqp, callbacks }) {
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.message}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const asked = (start) =>
    new Promise((resolve, reject) =>
      start((error, value) => here('callback', error ? reject(error) : resolve(value))),
    );
  const url = process.env.AMQP_URL;
  const name = `ostrace-test-${process.pid}`;
  const later = () => new Promise((resolve) => setTimeout(resolve, 5));

  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue(`${name}-queue`, { exclusive: true });
  await channel.assertExchange(`${name}-exchange`, 'fanout', { autoDelete: true });
  await channel.bindQueue(queue, `${name}-exchange`, '');

  /** Handles the next message of the queue. */
  const next = (handle, options) =>
    new Promise((resolve) => {
      const consumerTag = `tag-${Math.random()}`;
      channel.consume(
        queue,
        async (message) => {
          if (message === null) return;
          await handle(message);
          await channel.cancel(consumerTag);
          resolve(String(message.content));
        },
        { ...options, consumerTag },
      );
    });
  const options = Object.freeze({ headers: Object.freeze({ own: 'a' }), messageId: '1' });

  await style('sent to a queue', async () => {
    const handled = next(async (message) => {
      here('handled');
      await later();
      here('still');
      channel.ack(message);
    });
    return [channel.sendToQueue(queue, Buffer.from('a')), await handled];
  });
  await style('published', async () => {
    const handled = next((message) => here('handled', channel.ack(message)));
    return [channel.publish(`${name}-exchange`, 'key', Buffer.from('a'), options), await handled];
  });
  await style('without acknowledgement', async () => {
    const handled = next(() => here('handled'), { noAck: true });
    return [channel.sendToQueue(queue, Buffer.from('a'), options), await handled];
  });
  await style('refused', async () => {
    const handled = next((message) => here('handled', channel.nack(message, false, false)));
    return [channel.sendToQueue(queue, Buffer.from('a')), await handled];
  });
  await style('several at once', async () => {
    for (const text of ['a', 'b', 'c']) channel.sendToQueue(queue, Buffer.from(text));
    const messages = [];
    const { consumerTag } = await channel.consume(queue, (message) => {
      messages.push(here('handled', message));
    });
    while (messages.length < 3) await later();
    channel.ack(messages[1], true);
    channel.reject(messages[2], false);
    await channel.cancel(consumerTag);
    return messages.map(({ content }) => String(content));
  });
  await style('asked for', async () => {
    channel.sendToQueue(queue, Buffer.from('a'));
    const message = await channel.get(queue, { noAck: true });
    return [String(message.content), await channel.get(queue, { noAck: true })];
  });
  await style('confirmed', async () => {
    const confirming = await connection.createConfirmChannel();
    const sent = await asked((done) => confirming.sendToQueue(queue, Buffer.from('a'), options, done));
    confirming.publish('', queue, Buffer.from('b'));
    await confirming.waitForConfirms();
    await confirming.close();
    const { messageCount } = await channel.purgeQueue(queue);
    return [sent === undefined, messageCount];
  });
  await style('answered', async () => {
    const { queue: answers } = await channel.assertQueue('', { exclusive: true });
    const answer = new Promise((resolve) => {
      channel.consume(
        answers,
        ({ content, properties }) => here('answer', resolve([String(content), properties.correlationId])),
        {
          noAck: true,
        },
      );
    });
    const handled = next((message) => {
      const { replyTo, correlationId } = message.properties;
      channel.sendToQueue(replyTo, Buffer.from('answer'), { correlationId });
      channel.ack(message);
    });
    channel.sendToQueue(queue, Buffer.from('a'), { replyTo: answers, correlationId: '7' });
    return [await handled, await answer];
  });
  await style('wrong content', () => channel.sendToQueue(queue, 'no buffer'));
  await style('headers', async () => {
    channel.sendToQueue(queue, Buffer.from('a'), options);
    const { properties } = await channel.get(queue, { noAck: true });
    return [properties.headers.own, properties.messageId];
  });

  const called = await new Promise((resolve, reject) =>
    callbacks.connect(url, (error, value) => (error ? reject(error) : resolve(value))),
  );
  const other = await new Promise((resolve, reject) =>
    called.createConfirmChannel((error, value) => (error ? reject(error) : resolve(value))),
  );
  await style('by callbacks', async () => {
    const { queue: own } = await asked((done) => other.assertQueue('', { exclusive: true }, done));
    const handled = new Promise((resolve) => {
      other.consume(own, (message) => {
        here('handled', other.ack(message));
        resolve(String(message.content));
      });
    });
    await asked((done) => other.sendToQueue(own, Buffer.from('a'), {}, done));
    return [await handled, await asked((done) => other.get(own, { noAck: true }, done))];
  });
  await style('closed', async () => {
    channel.sendToQueue(queue, Buffer.from('a'));
    await new Promise((resolve) => channel.consume(queue, (message) => message && resolve(here('handled'))));
    await channel.close();
  });
  await style('sent when closed', () => channel.sendToQueue(queue, Buffer.from('a')));

  results.options = options;
  await connection.close();
  called.close();
  process.stdout.write(JSON.stringify(results));
};
