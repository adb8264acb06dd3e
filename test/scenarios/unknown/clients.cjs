// Clients that call back from a connection, an interval, a watcher or an emitter that all requests share.
const { spawn } = require('node:child_process');
const dgram = require('node:dgram');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { Writable } = require('node:stream');
const tls = require('node:tls');
const zlib = require('node:zlib');

const { certificate } = require('../../parity/tools/certificate.cjs');

module.exports = async function startClients({ grpc, mysql, redis, ws }) {
  const closing = [];
  const { cert, key, ca } = certificate();
  const listen = (server, ...args) =>
    new Promise((resolve) => server.listen(...args, () => resolve(server.address())));

  // Servers answer each line with the same line.
  const echo = (socket) => socket.on('error', () => {}).pipe(socket);
  const plain = net.createServer(echo);
  const secure = tls.createServer({ cert, key }, echo);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ostrace-unknown-'));
  const local = net.createServer(echo);
  const { port: plainPort } = await listen(plain, 0, '127.0.0.1');
  const { port: securePort } = await listen(secure, 0, '127.0.0.1');
  const localPath = path.join(folder, 'socket');
  await listen(local, localPath);

  /** As many write one: a queue of callbacks, and answers in the order of the questions. */
  function createLineClient(connect) {
    const waiting = [];
    let socket;
    let text = '';
    const open = () => {
      socket = connect();
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        const lines = text.split('\n');
        text = lines.pop();
        for (const line of lines) waiting.shift()(line);
      });
      closing.push(() => socket.destroy());
    };
    return (line, done) => {
      if (socket === undefined) open();
      waiting.push(done);
      socket.write(`${line}\n`);
    };
  }
  const asked = (ask) => (id, call, done) => ask(id, () => call(id, done));
  const byLines = (connect) => asked(createLineClient(connect));

  /** Emits what it was asked: listeners find theirs by its name. */
  function createEmittingClient() {
    const client = new EventEmitter().setMaxListeners(0);
    const ask = createLineClient(() => net.connect(plainPort, '127.0.0.1'));
    client.ask = (line) => ask(line, (answer) => client.emit(answer, answer));
    return client;
  }
  let emitting;

  /** One connection, and a queue of those who wait for it. */
  function createPool() {
    const queue = [];
    const ask = createLineClient(() => net.connect(plainPort, '127.0.0.1'));
    let isBusy = false;
    const next = () => {
      if (isBusy || queue.length === 0) return;
      isBusy = true;
      const [line, done] = queue.shift();
      ask(line, () => {
        isBusy = false;
        next();
        done();
      });
    };
    return (line, done) => {
      queue.push([line, done]);
      next();
    };
  }

  // What is written is called back when it is sent: the second of two writes is buffered behind the first.
  let writer;
  const write = (id, done) => {
    writer ??= net.connect(plainPort, '127.0.0.1').resume();
    writer.write('x'.repeat(200_000));
    writer.write(id, () => done());
  };
  closing.push(() => writer?.destroy());

  // Streams that wait with what others write.
  let log;
  const append = (id, done) => {
    log ??= fs.createWriteStream(path.join(folder, 'log'));
    log.write(`${id}\n`, () => done());
  };
  let shipper;
  const ship = (task) => {
    shipper ??= new Writable({
      objectMode: true,
      write([itsId, itsCall, itsDone], _encoding, next) {
        itsCall(itsId, itsDone);
        setTimeout(next, 1);
      },
    });
    return shipper.write(task);
  };
  let deflate;
  const flush = (id, done) => {
    deflate ??= zlib.createDeflateRaw().resume();
    deflate.write(id);
    deflate.flush(() => done());
  };
  closing.push(
    () => log?.destroy(),
    () => shipper?.destroy(),
    () => deflate?.destroy(),
  );

  let pool;
  const query = (id, done) => {
    pool ??= mysql.createPool({
      host: process.env.MYSQL_HOST,
      port: Number(process.env.MYSQL_PORT),
      user: process.env.MYSQL_USER,
      password: process.env.MYSQL_PASSWORD,
      connectionLimit: 1,
    });
    pool.query('select ? as id', [id], (error) => {
      if (error) throw error;
      done();
    });
  };
  closing.push(() => pool?.end());

  const waiting = new Map();
  const answered = (id) => {
    const done = waiting.get(id);
    waiting.delete(id);
    done?.();
  };

  // A batch for each tick, begun by whoever comes first.
  let interval;
  const batched = (id, done) => {
    waiting.set(id, done);
    interval ??= setInterval(() => {
      for (const each of waiting.keys()) if (each.startsWith('interval')) answered(each);
    }, 5);
  };
  closing.push(() => clearInterval(interval));

  const responder = dgram.createSocket('udp4', (message, { port }) =>
    responder.send(message, port, '127.0.0.1'),
  );
  await new Promise((resolve) => responder.bind(0, '127.0.0.1', resolve));
  let requester;
  const datagram = (id, done) => {
    waiting.set(id, done);
    requester ??= dgram.createSocket('udp4').on('message', (message) => answered(String(message)));
    requester.send(id, responder.address().port, '127.0.0.1');
  };
  closing.push(
    () => responder.close(),
    () => requester?.close(),
  );

  let watcher;
  const watched = path.join(folder, 'watched');
  fs.mkdirSync(watched);
  const watch = (id, done) => {
    waiting.set(id, done);
    watcher ??= fs.watch(watched, () => {
      for (const each of fs.readdirSync(watched)) answered(each);
    });
    fs.writeFileSync(path.join(watched, id), '');
  };
  closing.push(() => watcher?.close());

  const sockets = new ws.WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => sockets.on('listening', resolve));
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)));
  let messages;
  const message = (id, done) => {
    waiting.set(id, done);
    if (messages === undefined) {
      messages = new ws.WebSocket(`ws://127.0.0.1:${sockets.address().port}`);
      messages.on('message', (answer) => answered(String(answer)));
    }
    if (messages.readyState === ws.WebSocket.OPEN) messages.send(id);
    else messages.once('open', () => messages.send(id));
  };
  closing.push(
    () => messages?.close(),
    () => sockets.close(),
  );

  // Node's own client, since version 22.
  let standard;
  const event = (id, done) => {
    waiting.set(id, done);
    if (standard === undefined) {
      standard = new WebSocket(`ws://127.0.0.1:${sockets.address().port}`);
      standard.addEventListener('message', async ({ data }) => answered(await data.text()));
    }
    if (standard.readyState === WebSocket.OPEN) standard.send(id);
    else standard.addEventListener('open', () => standard.send(id));
  };
  closing.push(() => standard?.close());

  // A program that answers whatever it is asked, as compilers' services do.
  const askProgram = createLineClient(() => {
    const { stdin, stdout } = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    return Object.assign(stdout, { write: (text) => stdin.write(text), destroy: () => stdin.end() });
  });

  // A subscription that whoever comes first makes.
  const topic = `ostrace-test-${process.pid}`;
  let publisher;
  const publish = async (id, done) => {
    waiting.set(id, done);
    publisher ??= subscribe();
    (await publisher).publish(topic, id);
  };
  const subscribe = async () => {
    const url = process.env.REDIS_URL;
    const subscriber = await redis.createClient({ url }).connect();
    const sender = await redis.createClient({ url }).connect();
    await subscriber.subscribe(topic, answered);
    closing.push(() => [subscriber, sender].forEach((client) => client.destroy()));
    return sender;
  };

  const identity = { requestSerialize: Buffer.from, responseSerialize: Buffer.from };
  const service = {
    Echo: {
      path: '/test.Echo/Echo',
      requestStream: false,
      responseStream: false,
      ...identity,
      requestDeserialize: String,
      responseDeserialize: String,
    },
  };
  const rpc = new grpc.Server();
  rpc.addService(service, { Echo: ({ request }, reply) => reply(null, request) });
  const rpcPort = await new Promise((resolve, reject) =>
    rpc.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  let stub;
  const remote = (id, done) => {
    const Client = grpc.makeGenericClientConstructor(service, 'test.Echo');
    stub ??= new Client(`127.0.0.1:${rpcPort}`, grpc.credentials.createInsecure());
    stub.Echo(id, (error) => {
      if (error) throw error;
      done();
    });
  };
  closing.push(
    () => stub?.close(),
    () => rpc.forceShutdown(),
    () => plain.close(),
    () => secure.close(),
    () => local.close(),
    () => fs.rmSync(folder, { recursive: true }),
  );

  return {
    works: {
      TCP: byLines(() => net.connect(plainPort, '127.0.0.1')),
      TLS: byLines(() => tls.connect({ host: '127.0.0.1', port: securePort, ca })),
      'a Unix socket': byLines(() => net.connect(localPath)),
      'a socket made before': byLines(() => new net.Socket().connect(plainPort, '127.0.0.1')),
      'a pool of one': asked(createPool()),
      'an emitter': (id, call, done) => {
        emitting ??= createEmittingClient();
        emitting.once(id, () => call(id, done));
        emitting.ask(id);
      },
      'buffered writes': asked(write),
      'a log': asked(append),
      'a stream of its own': (id, call, done) => ship([id, call, done]),
      compression: asked(flush),
      mysql: asked(query),
      interval: asked(batched),
      UDP: asked(datagram),
      'a watcher': asked(watch),
      WebSocket: asked(message),
      ...('WebSocket' in globalThis && { 'the standard WebSocket': asked(event) }),
      'a program': asked(askProgram),
      MQTT: asked(publish),
      gRPC: asked(remote),
    },
    close: () => closing.forEach((close) => close()),
  };
};
