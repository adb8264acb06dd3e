// An HTTP/2 server in both of Node's styles, which asks a second one, and marks where its callbacks run.
const http2 = require('node:http2');
const { profiler } = require('ostrace');

const text = async (stream) => {
  let body = '';
  for await (const chunk of stream) body += chunk;
  return body;
};

// Opened before the first trace, as services do.
let session;
const headersOf = {
  object: () => ({ ':path': '/echo?token=s3cret' }),
  'no prototype': () => Object.assign(Object.create(null), { ':path': '/echo' }),
  frozen: () => Object.freeze({ ':path': '/echo' }),
  'signed by AWS': () => ({ ':path': '/echo', authorization: 'AWS4-HMAC-SHA256 x' }),
  'signed by AWS, a list': () => ({ ':path': '/echo', authorization: ['AWS4-HMAC-SHA256 x'] }),
  'another authority': () => ({ ':path': '/echo', ':authority': 'third.example.org' }),
  none: () => undefined,
};

const handlers = {
  '/events': async (stream, respond) => {
    profiler.trace('handler', () => {});
    stream.on('data', () => profiler.trace('data', () => {}));
    await new Promise((resolve) => stream.on('end', resolve));
    profiler.trace('end', () => {});
    stream.on('close', () => profiler.trace('close', () => {}));
    setTimeout(() => {
      profiler.trace('timer', () => {});
      respond(201, 'done');
    }, 5);
  },
  '/ask': async (stream, respond) => {
    const answers = {};
    for (const [name, headers] of Object.entries(headersOf)) {
      const given = headers();
      const request = session.request(given);
      request.on('response', () => profiler.trace('answered', () => {}));
      answers[name] = JSON.parse(await text(request));
      if (given) answers[name].isUntouched = Object.keys(given).every((key) => !/^x-trace/i.test(key));
    }
    respond(200, JSON.stringify(answers));
  },
  '/broken': async (stream, respond) => {
    const request = session.request({ ':path': '/reset' });
    respond(200, await text(request).then(String, (error) => error.code));
  },
  '/refused': (request) => {
    const stream = request.stream ?? request;
    stream.on('error', () => {});
    stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  },
  '/slow': (stream) => void stream.write('started'),
};

const backend = http2.createServer();
backend.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  if (headers[':path'] === '/reset') return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  const info = headers['x-trace-info'];
  const parent_id = info && JSON.parse(Buffer.from(info, 'base64url')).parent_id;
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify({ parent_id }));
});

const compat = http2.createServer((request, response) => {
  const respond = (status, body) => {
    response.statusCode = status;
    response.end(body);
  };
  if (request.url === '/end') {
    respond(200, '');
    session.close();
    for (const server of [compat, core, backend]) server.close();
    return;
  }
  if (request.url === '/slow') response.write('started');
  else void handlers[request.url](request, respond);
});
const core = http2.createServer();
core.on('stream', (stream, headers) => {
  const respond = (status, body) => {
    stream.respond({ ':status': status });
    stream.end(body);
  };
  if (headers[':path'] === '/slow') stream.respond();
  void handlers[headers[':path']](stream, respond);
});
for (const server of [compat, core, backend]) server.on('session', (each) => each.on('error', () => {}));

backend.listen(0, '127.0.0.1', () => {
  session = http2.connect(`http://127.0.0.1:${backend.address().port}`);
  compat.listen(0, '127.0.0.1', () =>
    core.listen(0, '127.0.0.1', () => console.log(`${compat.address().port} ${core.address().port}`)),
  );
});
