// Calls gRPC in the styles that every supported @grpc/grpc-js has, on a server of its own; prints what came back. Each
// style is a point of its own, and so is what a callback, a listener or the server's function does: it shows where
// that ran.
const { promisify } = require('node:util');
const { profiler } = require('ostrace');

module.exports = async function calls({ grpc }) {
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.code} ${error.details} ${error.message}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const callback = (start) =>
    new Promise((resolve, reject) =>
      start((error, value) => here('callback', error ? reject(error) : resolve(value))),
    );
  const failing = (code, details) => Object.assign(new Error(details), { code, details });
  const untilEnd = (call) =>
    new Promise((resolve, reject) => {
      const seen = [];
      call.on('data', (value) => seen.push(here('data', value)));
      call.on('end', () => resolve(seen));
      call.on('error', reject);
    });

  const method = (name, requestStream, responseStream) => ({
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: Buffer.from,
    requestDeserialize: String,
    responseSerialize: Buffer.from,
    responseDeserialize: String,
  });
  const service = {
    Echo: method('Echo', false, false),
    Fail: method('Fail', false, false),
    Wait: method('Wait', false, false),
    Relay: method('Relay', false, false),
    Missing: method('Missing', false, false),
    Join: method('Join', true, false),
    Split: method('Split', false, true),
    FailLate: method('FailLate', false, true),
    Endless: method('Endless', false, true),
    Chat: method('Chat', true, true),
  };
  const { Missing: _missing, ...served } = service;
  const server = new grpc.Server();
  let waiting = () => {};
  server.addService(served, {
    Echo: (call, reply) => here('served', reply(null, call.request)),
    Fail: (_call, reply) => here('served', reply(failing(3, 'not so'))),
    Wait: (call) => {
      call.on('cancelled', () => here('cancelled'));
      waiting();
    },
    Relay: async (call, reply) => {
      await here('served');
      client.Echo(call.request, (error, value) => reply(error, value));
    },
    Join: (call, reply) => {
      let all = '';
      call.on('data', (value) => (all += here('heard', value)));
      call.on('end', () => reply(null, all));
    },
    Split: (call) => {
      for (const part of call.request) call.write(part);
      call.end();
    },
    FailLate: (call) => {
      call.write('first');
      call.emit('error', failing(5, 'no more'));
    },
    Endless: (call) => call.write('first'),
    Chat: (call) => {
      call.on('data', (value) => call.write(here('heard', value.toUpperCase())));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  // Needed before 1.10, deprecated since.
  server.start();

  const address = `127.0.0.1:${port}`;
  const insecure = grpc.credentials.createInsecure();
  const Client = grpc.makeGenericClientConstructor(service, 'Echo');
  const client = new Client(address, insecure);
  const metadata = new grpc.Metadata();
  metadata.set('tenant', 'a');

  await style('before it is connected', () =>
    Promise.all(['a', 'b'].map((text) => promisify(client.Echo).call(client, text))),
  );
  await style('unary', () => callback((done) => client.Echo('a', done)));
  await style('with metadata', () => callback((done) => client.Echo('a', metadata, done)));
  await style('with options', () =>
    callback((done) => client.Echo('a', { deadline: Date.now() + 60_000 }, done)),
  );
  await style('with both', () => callback((done) => client.Echo('a', metadata, {}, done)));
  await style('of a package', async () => {
    const { test } = grpc.loadPackageDefinition({ 'test.Echo': service });
    const stub = new test.Echo(address, insecure);
    const value = await promisify(stub.Echo).call(stub, 'a');
    stub.close();
    return value;
  });
  await style('without a stub', async () => {
    const plain = new grpc.Client(address, insecure);
    const value = await callback((done) =>
      plain.makeUnaryRequest('/test.Echo/Echo', Buffer.from, String, 'a', done),
    );
    plain.close();
    return value;
  });
  await style('client stream', () =>
    callback((done) => {
      const call = client.Join(metadata, done);
      call.write('a');
      call.end('b');
    }),
  );
  await style('server stream', () => untilEnd(client.Split('abc', metadata)));
  await style('iterated', async () => {
    const seen = [];
    for await (const part of client.Split('ab')) seen.push(here('data', part));
    return seen;
  });
  await style('bidirectional', () => {
    const call = client.Chat();
    call.write('a');
    call.on('data', () => call.end());
    return untilEnd(call);
  });
  await style('error', () => callback((done) => client.Fail('a', done)));
  await style('stream error', () => untilEnd(client.FailLate('a')));
  await style('no such method', () => callback((done) => client.Missing('a', done)));
  await style('deadline', async () => {
    // How long each part of it took is part of the message since 1.11.
    const [given] = await Promise.allSettled([
      callback((done) => client.Wait('a', { deadline: Date.now() + 1000 }, done)),
    ]);
    return given.reason.code;
  });
  await style('cancelled', () =>
    callback((done) => {
      const call = client.Wait('a', done);
      waiting = () => call.cancel();
    }),
  );
  await style('cancelled stream', () => {
    const call = client.Endless('a');
    call.once('data', () => call.cancel());
    return untilEnd(call);
  });
  await style('wrong arguments', () => client.Echo('a'));
  await style('relayed', () => callback((done) => client.Relay('a', done)));
  await style('intercepted', async () => {
    const again = (options, nextCall) => {
      let given;
      return new grpc.InterceptingCall(nextCall(options), {
        start(asked, _listener, next) {
          given = asked;
          next(asked, {
            onReceiveStatus(status, nextStatus) {
              here('status', status);
              const second = nextCall(options);
              second.start(given, { onReceiveStatus: (last) => nextStatus(last) });
              second.sendMessage('a');
              second.halfClose();
            },
          });
        },
      });
    };
    const asking = (options, nextCall) => {
      client.Echo('token', () => {});
      return nextCall(options);
    };
    return callback((done) => client.Fail('a', { interceptors: [asking, again] }, done));
  });

  // What the application gave is as it was.
  results.metadata = metadata.getMap();
  client.close();
  server.forceShutdown();
  process.stdout.write(JSON.stringify(results));
};
