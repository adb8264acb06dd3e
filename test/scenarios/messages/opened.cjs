// A web server whose request `/open` connects, and waits until its listener is told something; `/tell` has it told that. The
// argument is the client.
const { createServer } = require('node:http');
const { profiler } = require('ostrace');

const name = `ostrace-test/${process.pid}`;
const kinds = {
  async nats(told) {
    const { connect, createInbox } = require('@nats-io/transport-node');
    const nc = await connect({ servers: process.env.NATS_URL });
    const inbox = createInbox();
    nc.subscribe(inbox, { callback: told });
    await nc.flush();
    return { tell: () => nc.publish(inbox, 'a'), end: () => nc.close() };
  },
  async mqtt(told) {
    const client = await require('mqtt').connectAsync(process.env.MQTT_URL);
    client.on('packetreceive', told);
    return { tell: () => client.publish(name, 'a', { qos: 1 }), end: () => client.endAsync() };
  },
};

let hasOpened;
const opened = new Promise((resolve) => (hasOpened = resolve));
const server = createServer(async ({ url }, response) => {
  if (url === '/open') {
    await new Promise((resolve) => {
      const told = () => {
        profiler.trace('foreign', () => {});
        // What follows is the request's again.
        setImmediate(resolve);
      };
      hasOpened(kinds[process.argv[2]](told));
    });
    profiler.trace('own', () => {});
  } else {
    (await opened).tell();
  }
  response.end();
  if (url === '/open') {
    await (await opened).end();
    server.close();
  }
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
