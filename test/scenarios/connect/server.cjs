// A service that asks another one by Connect over a shared connection of HTTP/2: `GET /<id>` makes a call of one message
// and one of a stream. `/none` fails, `/left` leaves the stream after its first message.
const { createServer } = require('node:http');
const http2 = require('node:http2');
const { profiler } = require('ostrace');

module.exports = function serve({ connect, node, protobuf, wkt }) {
  const { createClient } = connect;
  const { connectNodeAdapter, createConnectTransport } = node;
  const text = '.google.protobuf.StringValue';
  const described = protobuf.fromJson(wkt.FileDescriptorProtoSchema, {
    name: 'shop.proto',
    package: 'shop',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [
      {
        name: 'Orders',
        method: [
          { name: 'Get', inputType: text, outputType: text },
          { name: 'List', inputType: text, outputType: text, serverStreaming: true },
        ],
      },
    ],
  });
  const Orders = protobuf
    .createFileRegistry(described, () => wkt.file_google_protobuf_wrappers)
    .getService('shop.Orders');
  const soon = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  const routes = (router) =>
    router.service(Orders, {
      async get({ value }) {
        await soon();
        if (value === 'none') throw new connect.ConnectError('there is none', connect.Code.NotFound);
        return profiler.trace(`served ${value}`, () => ({ value }));
      },
      async *list({ value }) {
        for (const each of ['one', 'two']) {
          await soon();
          yield profiler.trace(`${each} ${value}`, () => ({ value }));
        }
      },
    });
  const orders = http2.createServer(connectNodeAdapter({ routes }));
  const sessions = new Set();
  orders.on('session', (session) => sessions.add(session));
  const front = createServer(async ({ url }, response) => {
    const id = url.slice(1);
    if (id === 'end') {
      response.end();
      front.close();
      orders.close();
      for (const session of sessions) session.destroy();
      return;
    }
    const all = [];
    try {
      all.push((await front.client.get({ value: id })).value);
      for await (const { value } of front.client.list({ value: id })) {
        all.push(value);
        if (id === 'left') break;
      }
    } catch ({ message }) {
      all.push(message);
    }
    response.end(profiler.trace(`answer ${id}`, () => all.join()));
  });
  orders.listen(0, '127.0.0.1', () => {
    const baseUrl = `http://127.0.0.1:${orders.address().port}`;
    front.client = createClient(Orders, createConnectTransport({ baseUrl, httpVersion: '2' }));
    front.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: front.address().port })));
  });
};
