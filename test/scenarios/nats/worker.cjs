// A web server that publishes a job and handles it too, `GET /7`, over one connection of NATS. It connects and subscribes at
// its first request, whatever that is. Its arguments say with which package, and in which style it handles jobs.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

const [name, style] = process.argv.slice(2);
const { connect, headers } = name === 'nats' ? require('nats') : require('@nats-io/transport-node');
const subject = `ostrace-test-${process.pid}`;
const waiting = new Map();
let connecting;

async function handle(message) {
  const id = message.string();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  profiler.trace(`handled ${id}`, () => {});
  waiting.get(id)(Object.keys(Object.fromEntries(message.headers)).toSorted().join());
}

/** What handles jobs does so for hours, whoever began it. */
const styles = {
  called: async (nc) => void nc.subscribe(subject, { callback: (_error, message) => handle(message) }),
  iterated: async (nc) => {
    for await (const message of nc.subscribe(subject)) await handle(message);
  },
  'not awaited': async (nc) => {
    for await (const message of nc.subscribe(subject)) handle(message);
  },
  stream: async (nc) => {
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

async function begin() {
  const nc = await connect({ servers: process.env.NATS_URL });
  const began = styles[style](nc);
  const end = style === 'stream' ? await began : () => {};
  await nc.flush();
  return { nc, end };
}

const server = createServer(async ({ url }, response) => {
  const id = url.slice(1);
  const { nc, end } = await (connecting ??= begin());
  if (id === 'end') {
    await end();
    await nc.close();
    response.end();
    server.close();
    return;
  }
  const handled = new Promise((resolve) => waiting.set(id, resolve));
  const own = headers();
  own.set('own', id);
  nc.publish(subject, id, { headers: own });
  const keys = await handled;
  profiler.trace(`asked ${id}`, () => {});
  response.end(keys);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
