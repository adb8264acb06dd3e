// The methods that the scenarios of gRPC call, and a server of them whose functions make a point of their own.
const { readFileSync } = require('node:fs');
const grpc = require('@grpc/grpc-js');
const { profiler } = require('ostrace');

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
  Unary: method('Unary', false, false),
  Collect: method('Collect', true, false),
  List: method('List', false, true),
  Chat: method('Chat', true, true),
};

// Both speak TLS where they are given a certificate.
const { CERT, KEY } = process.env;
const cert = CERT && readFileSync(CERT);
const serverCredentials = cert
  ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: readFileSync(KEY) }])
  : grpc.ServerCredentials.createInsecure();

const served = (id) => profiler.trace(`served ${id}`, () => id);
const later = (body) => setTimeout(() => body(), Math.random() * 3);

const implementation = {
  Unary: ({ request }, reply) => later(() => reply(null, served(request))),
  Collect: (call, reply) => {
    let id;
    call.on('data', (text) => (id = text));
    call.on('end', () => later(() => reply(null, served(id))));
  },
  List: (call) =>
    later(() => {
      call.write(served(call.request));
      call.end();
    }),
  Chat: (call) => {
    call.on('data', (text) =>
      later(() => {
        call.write(served(text));
        call.end();
      }),
    );
  },
};

module.exports = {
  credentials: cert ? grpc.credentials.createSsl(cert) : grpc.credentials.createInsecure(),
  Client: grpc.makeGenericClientConstructor(service, 'Echo'),
  /** Starts a server; gives its port and what ends it. */
  async serve() {
    const server = new grpc.Server();
    server.addService(service, implementation);
    const port = await new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', serverCredentials, (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return { port, close: () => server.forceShutdown() };
  },
  /** Calls each kind of method with an id; gives what came back. */
  call(client, kind, id) {
    return new Promise((resolve, reject) => {
      const answered = (error, value) =>
        error ? reject(error) : resolve(profiler.trace(`answered ${id}`, () => value));
      if (kind === 'Unary') {
        client.Unary(id, answered);
      } else if (kind === 'Collect') {
        client.Collect(answered).end(id);
      } else {
        const call = kind === 'List' ? client.List(id) : client.Chat();
        if (kind === 'Chat') call.end(id);
        let last;
        call.on('error', reject);
        call.on('data', (value) => (last = value));
        call.on('end', () => answered(null, last));
      }
    });
  },
};
