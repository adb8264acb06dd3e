// Counts the bytes that are allocated for each request and each wrapped call while nothing is traced.
const { ChildProcess } = require('node:child_process');
const { channel } = require('node:diagnostics_channel');
const { EventEmitter, once } = require('node:events');
const { Server } = require('node:net');
const { dirname, join } = require('node:path');
const threads = require('node:worker_threads');
const { Metadata, Server: GrpcServer } = require('@grpc/grpc-js');
const { Channel } = require(join(dirname(require.resolve('amqplib')), 'lib/channel_model'));
const { Worker } = require('bullmq');
const { ProtocolHandler } = require(join(dirname(require.resolve('@nats-io/nats-core')), 'protocol'));
const { DoublyLinkedList } = require(
  join(dirname(require.resolve('@redis/client')), 'lib/client/linked-list'),
);
const { Pool } = require('pg');

const count = 100_000;
const request = { rawHeaders: ['Host', 'example.org', 'X-Request-Id', '1', 'Accept', '*/*'], headers: {} };
const exchange = { request, response: {} };
const started = channel('http.server.request.start');
const emitter = new EventEmitter();
// It has nothing to do, and allocates nothing for it.
const pool = Object.assign(Object.create(Pool.prototype), { ended: true, log() {} });
// As the libraries call what was registered.
const reply = () => {};
const unary = { metadata: new Metadata(), request: 'a' };
const grpc = new GrpcServer();
grpc.register('/test.Echo/Unary', reply, Buffer.from, String, 'unary');
const { func: served } = grpc.handlers.get('/test.Echo/Unary');
const message = { fields: { deliveryTag: 1 }, properties: { headers: { own: 'a' } } };
let delivered;
Channel.prototype.consume.call(
  {
    _rpc: (_method, _fields, _expect, done) => done(null, { fields: {} }),
    registerConsumer: (_tag, consumer) => (delivered = consumer),
  },
  'queue',
  reply,
);
// As a consumer of Kafka that never connects keeps what it was given.
const { Kafka, logLevel } = require('kafkajs');
const Runner = require('kafkajs/src/consumer/runner');
let each;
Runner.prototype.start = async function () {
  each = this.eachMessage;
};
void new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })
  .consumer({ groupId: 'a' })
  .run({ eachMessage: reply });
const payload = { topic: 'a', message: { headers: { own: 'a' } } };
// A worker that never connects.
const worker = Object.assign(Object.create(Worker.prototype), { processFn: reply });
const job = { name: 'job', opts: {} };

// It has no subscription, and allocates nothing for the message.
const connection = Object.assign(Object.create(ProtocolHandler.prototype), {
  inMsgs: 0,
  inBytes: 0,
  subscriptions: { sidCounter: 1, get() {} },
});
const received = Buffer.from('NATS/1.0\r\nown: a\r\nX-Request-Id: 1\r\n\r\n');
const parsed = { sid: 1, hdr: received.length };
const { functions } = require('./named/things.cjs');

const commands = new DoublyLinkedList();

// A child that cannot be started, and a thread that is gone: Node allocates nothing for their messages.
const child = Object.assign(new ChildProcess(), { send: reply }).on('error', reply);
child.spawn({ file: '/nowhere', args: ['nowhere'], envPairs: [], stdio: 'ignore' });
const thread = new threads.Worker('', { eval: true });

const calls = {
  'a request': () => started.publish(exchange),
  'an event of a server': () => Server.prototype.emit.call(emitter, 'none', request, emitter),
  'a call of pg': () => pool._pulseQueue(),
  'a look into a list of redis': () => commands.shift(),
  'a call that gRPC serves': () => served(unary, reply),
  'a message that amqplib delivers': () => delivered(message),
  'a message that kafkajs hands over': () => each(payload),
  'a job that bullmq handles': () => worker.callProcessJob(job, 'token'),
  'a message that NATS delivers': () => connection.processMsg(parsed, received),
  'a message to a child process': () => child.send(message),
  'a message to a thread': () => thread.postMessage(message),
  'a call of a function that is named': () => functions.same(message),
};
// An object for each call, so that the others' zero means something.
const kept = [];
calls['an object'] = () => (kept[0] = { request });

function bytesOf(call) {
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) call();
  return (process.memoryUsage().heapUsed - before) / count;
}

async function main() {
  await once(thread, 'exit');
  const bytes = {};
  for (const [what, call] of Object.entries(calls)) {
    // Until V8 has compiled it for good, which on a busy machine takes a while: a call that allocates always will.
    let least = Infinity;
    for (let i = 0; i < 30 && Math.round(least) !== 0; i++) {
      globalThis.gc();
      const measured = bytesOf(call);
      // Less than nothing: V8 has freed something meanwhile, and the number says nothing of the call.
      if (Math.round(measured) >= 0) least = Math.min(least, measured);
    }
    bytes[what] = Math.round(least);
  }
  console.log(JSON.stringify(bytes));
}
void main();
