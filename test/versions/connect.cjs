// Makes calls in the styles that Connect 1 and 2 have; prints what came back. Each style is a point of its own, and so is
// what the server, an interceptor and a continuation do: it shows where that ran.
const { createServer } = require('node:http');
const http2 = require('node:http2');
const { profiler } = require('ostrace');

/** A service whose messages are texts: before 2 it is written by hand, from 2 on it is made of its description. */
function serviceOf({ MethodKind, StringValue, fromJson, createFileRegistry }, wkt) {
  const kinds = {
    Get: 'Unary',
    Hold: 'Unary',
    List: 'ServerStreaming',
    Put: 'ClientStreaming',
    Chat: 'BiDiStreaming',
  };
  if (wkt === undefined) {
    const method = ([name, kind]) => [
      name.toLowerCase(),
      { name, I: StringValue, O: StringValue, kind: MethodKind[kind] },
    ];
    return (typeName) => ({ typeName, methods: Object.fromEntries(Object.entries(kinds).map(method)) });
  }
  const text = '.google.protobuf.StringValue';
  const method = ([name, kind]) => ({
    name,
    inputType: text,
    outputType: text,
    clientStreaming: kind === 'ClientStreaming' || kind === 'BiDiStreaming',
    serverStreaming: kind === 'ServerStreaming' || kind === 'BiDiStreaming',
  });
  const described = fromJson(wkt.FileDescriptorProtoSchema, {
    name: 'shop.proto',
    package: 'shop',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: ['Orders', 'Nothing'].map((name) => ({ name, method: Object.entries(kinds).map(method) })),
  });
  const registry = createFileRegistry(described, () => wkt.file_google_protobuf_wrappers);
  return (typeName) => registry.getService(typeName);
}

module.exports = async function calls({
  connect,
  node,
  protobuf,
  wkt,
  fastify,
  forFastify,
  express,
  forExpress,
}) {
  const { ConnectError, Code, createRouterTransport, createCallbackClient } = connect;
  const { createPromiseClient, createClient = createPromiseClient } = connect;
  const { connectNodeAdapter, createConnectTransport, createGrpcTransport, createGrpcWebTransport } = node;
  const service = serviceOf(protobuf, wkt);
  const Orders = service('shop.Orders');
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
  const soon = () => new Promise((resolve) => setTimeout(resolve, 1));
  const aborted = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve));

  // Told when a call that waits has begun, and when it has ended.
  const begun = [];
  const ended = [];
  let relay;
  const routes = (router) =>
    router.service(Orders, {
      async get({ value }) {
        await soon();
        here('served');
        if (value === 'none') throw new ConnectError('there is none', Code.NotFound);
        if (value === 'far') throw new RangeError('it is too far');
        if (value === 'relayed') return relay.get({ value: 'inner' });
        return { value: `got ${value}` };
      },
      async hold(_request, { signal }) {
        const isAborted = aborted(signal);
        begun.shift()?.();
        await isAborted;
        here('held');
        setImmediate(() => ended.shift()?.());
        throw signal.reason;
      },
      async *list({ value }, { signal }) {
        for (const each of ['1', '2']) {
          await soon();
          yield here('given', { value: value + each });
        }
        if (value === 'none') throw new ConnectError('no more', Code.ResourceExhausted);
        if (value !== 'endless') return;
        try {
          await aborted(signal);
        } finally {
          here('closed');
          setImmediate(() => ended.shift()?.());
        }
      },
      async put(requests) {
        let all = '';
        for await (const { value } of requests) all += value;
        return here('served', { value: all });
      },
      async *chat(requests) {
        for await (const { value } of requests) yield here('heard', { value: `re ${value}` });
      },
    });

  const listening = async (server) => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };
  const urlOf = (server) => `http://127.0.0.1:${server.address().port}`;
  const one = await listening(createServer(connectNodeAdapter({ routes })));
  const two = await listening(http2.createServer(connectNodeAdapter({ routes })));
  const sessions = new Set();
  two.on('session', (session) => sessions.add(session));
  const byOne = { baseUrl: urlOf(one), httpVersion: '1.1' };
  const byTwo = { baseUrl: urlOf(two), httpVersion: '2' };
  const plain = createConnectTransport(byOne);
  const clients = {
    'HTTP/1': createClient(Orders, plain),
    'HTTP/2': createClient(Orders, createConnectTransport(byTwo)),
    gRPC: createClient(Orders, createGrpcTransport(byTwo)),
    'gRPC web': createClient(Orders, createGrpcWebTransport(byOne)),
    memory: createClient(Orders, createRouterTransport(routes)),
  };
  relay = clients['HTTP/1'];
  async function* both() {
    yield { value: 'a' };
    await soon();
    yield { value: 'b' };
  }
  const values = async (stream) => {
    const all = [];
    try {
      for await (const { value } of stream) all.push(value);
    } catch ({ message }) {
      all.push(message);
    }
    return all;
  };

  for (const [by, client] of Object.entries(clients)) {
    await style(`unary by ${by}`, async () => (await client.get({ value: 'it' })).value);
    await style(`a failure by ${by}`, () => client.get({ value: 'none' }));
    await style(`an unknown failure by ${by}`, () => client.get({ value: 'far' }));
    await style(`a stream by ${by}`, () => values(client.list({ value: 'it' })));
    await style(`a stream that fails by ${by}`, () => values(client.list({ value: 'none' })));
    await style(`a stream of the client by ${by}`, async () => (await client.put(both())).value);
    // HTTP/1 cannot.
    if (by === 'HTTP/1' || by === 'gRPC web') continue;
    await style(`both streams by ${by}`, () => values(client.chat(both())));
  }
  const [client] = Object.values(clients);
  await style('a continuation', async () => here('continued', (await client.get({ value: 'it' })).value));
  await style('relayed', async () => (await client.get({ value: 'relayed' })).value);
  await style('given up before', () => client.get({ value: 'it' }, { signal: AbortSignal.abort() }));
  await style('no such service', () => createClient(service('shop.Nothing'), plain).get({ value: 'it' }));
  await style('by fetch', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${byOne.baseUrl}/shop.Orders/Get`, {
      method: 'POST',
      headers,
      body: '"it"',
    });
    return [response.status, await response.text()];
  });
  await style('intercepted', async () => {
    const interceptor = (next) => async (request) => {
      here('before');
      try {
        return await next(request);
      } finally {
        here('behind');
      }
    };
    const transport = createConnectTransport({ ...byOne, interceptors: [interceptor] });
    return (await createClient(Orders, transport).get({ value: 'it' })).value;
  });
  for (const by of ['HTTP/1', 'HTTP/2']) {
    // A server of Connect 1 does not see that a client of HTTP/1 is gone.
    const seen = (name, body) =>
      style(`${name} by ${by}`, () => (wkt || by === 'HTTP/2') && body(clients[by]));
    await seen('cancelled', async ({ hold }) => {
      const isBegun = new Promise((resolve) => begun.push(resolve));
      const isEnded = new Promise((resolve) => ended.push(resolve));
      const abort = new AbortController();
      const answer = hold({ value: 'it' }, { signal: abort.signal });
      void isBegun.then(() => abort.abort());
      const [{ reason }] = await Promise.allSettled([answer]);
      await isEnded;
      return reason.message;
    });
    await seen('a stream that is given up', async ({ list }) => {
      const isEnded = new Promise((resolve) => ended.push(resolve));
      const abort = new AbortController();
      const all = [];
      try {
        for await (const { value } of list({ value: 'endless' }, { signal: abort.signal })) {
          if (all.push(value) === 2) abort.abort();
        }
      } catch ({ message }) {
        all.push(message);
      }
      await isEnded;
      return all;
    });
  }
  const called = createCallbackClient(Orders, createConnectTransport(byTwo));
  const told = (value) =>
    new Promise((resolve) =>
      called.get({ value }, (error, answer) => resolve(here('told', error?.message ?? answer.value))),
    );
  await style('a callback', () => told('it'));
  await style('a callback with an error', () => told('none'));
  await style('a stream to callbacks', () => {
    const all = [];
    return new Promise((resolve) =>
      called.list(
        { value: 'it' },
        ({ value }) => all.push(value),
        (error) => resolve(here('told', [error?.message, all])),
      ),
    );
  });
  await style('a callback that is given up', async () => {
    const isBegun = new Promise((resolve) => begun.push(resolve));
    const isEnded = new Promise((resolve) => ended.push(resolve));
    const giveUp = called.hold({ value: 'it' }, () => here('told'));
    await isBegun;
    giveUp();
    await isEnded;
  });
  await style('by Fastify', async () => {
    if (fastify === undefined) return undefined;
    const app = fastify();
    await app.register(forFastify.fastifyConnectPlugin, { routes });
    const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
    const transport = createConnectTransport({ baseUrl, httpVersion: '1.1', nodeOptions: { agent: false } });
    const { value } = await createClient(Orders, transport).get({ value: 'it' });
    await app.close();
    return value;
  });
  await style('by Express', async () => {
    if (express === undefined) return undefined;
    const server = await listening(
      createServer(express().use(forExpress.expressConnectMiddleware({ routes }))),
    );
    const transport = createConnectTransport({ ...byOne, baseUrl: urlOf(server) });
    const { value } = await createClient(Orders, transport).get({ value: 'it' });
    server.closeAllConnections();
    server.close();
    return value;
  });
  results.surface = [
    Object.keys(client),
    client.get.name,
    client.get.length,
    client.list.name,
    connect.makeAnyClient.name,
    Object.keys(connect).length,
  ];
  process.stdout.write(JSON.stringify(results));
  one.closeAllConnections();
  one.close();
  for (const session of sessions) session.destroy();
  two.close();
};
