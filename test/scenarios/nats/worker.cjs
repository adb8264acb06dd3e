// Jobs over one connection of NATS. The arguments say with which package, and in which style they are handled.
const serve = require('../messages/server.cjs');

const [name, style] = process.argv.slice(2);
const { connect, headers } = name === 'nats' ? require('nats') : require('@nats-io/transport-node');
const subject = `ostrace-test-${process.pid}`;

/** What handles jobs does so for hours, whoever began it. */
const styles = {
  called: (nc, handle) => void nc.subscribe(subject, { callback: (_error, message) => void handle(message) }),
  answered(nc, handle) {
    nc.subscribe(subject, {
      async callback(_error, message) {
        await handle(message);
        message.respond();
      },
    });
  },
  iterated(nc, handle) {
    void (async () => {
      for await (const message of nc.subscribe(subject)) await handle(message);
    })();
  },
  'not awaited'(nc, handle) {
    void (async () => {
      for await (const message of nc.subscribe(subject)) void handle(message);
    })();
  },
  async stream(nc, handle) {
    const { jetstream, jetstreamManager } = require('@nats-io/jetstream');
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: subject, subjects: [subject], storage: 'memory' });
    await manager.consumers.add(subject, { durable_name: 'acks', ack_policy: 'explicit' });
    const consumer = await jetstream(nc).consumers.get(subject, 'acks');
    const messages = await consumer.consume();
    void (async () => {
      for await (const message of messages) {
        await handle(message);
        message.ack();
      }
    })();
    return async () => {
      messages.stop();
      await manager.streams.delete(subject);
    };
  },
};

serve(async (handle) => {
  const nc = await connect({ servers: process.env.NATS_URL });
  const handleOne = (message) => handle(message.string(), Object.fromEntries(message.headers));
  const stop = await styles[style](nc, handleOne);
  await nc.flush();
  const answers = [];
  return {
    send(id) {
      const own = headers();
      own.set('own', id);
      const options = { headers: own, timeout: 20_000 };
      if (style === 'answered') answers.push(nc.request(subject, id, options));
      else nc.publish(subject, id, options);
    },
    async end() {
      await Promise.all(answers);
      await stop?.();
      await nc.close();
    },
  };
});
