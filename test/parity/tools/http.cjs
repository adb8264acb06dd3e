// What the files about HTTP share: servers that end, journals of events, texts without what varies.
const { AsyncLocalStorage } = require('node:async_hooks');
const { createHmac, randomUUID } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const { inspect } = require('node:util');
const { plain } = require('../describe.cjs');

/** The application's own storage: what a callback sees of it must not depend on the agent. */
const storage = new AsyncLocalStorage();

/** Runs a body with a server that listens; closes the server and all its connections afterwards. */
async function using(server, body, ...where) {
  const sockets = new Set();
  const keep = (socket) => sockets.add(socket.on('close', () => sockets.delete(socket)));
  server.on('connection', keep);
  server.listen(...(where.length > 0 ? where : [0, '127.0.0.1']));
  await once(server, 'listening');
  try {
    return await body(server.address().port);
  } finally {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

/** Reads a stream to its end, as text. */
async function read(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** Headers that trigger a trace, signed with the key of the tests; without the agent two headers like others. */
function signed() {
  const id = randomUUID();
  const info = Buffer.from(`{"base_id": "${id}", "parent_id": "${id}"}`).toString('base64');
  const hmac = createHmac('sha1', 'test-key').update(info).digest('hex');
  return { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac };
}

/** The response to a request, with its body; an error as it came. */
async function answer(request) {
  const [response] = await once(request, 'response');
  return { status: response.statusCode, message: response.statusMessage, ...(await bodyOf(response)) };
}

async function bodyOf(response) {
  const body = await read(response);
  return { headers: response.headers, raw: response.rawHeaders, trailers: response.rawTrailers, body };
}

/** What a listener was given, in a few words: errors by class and code, objects by class. */
function brief(value) {
  if (value instanceof Error) return plain(`${value.name} ${value.code} ${value.message}`);
  if (Buffer.isBuffer(value)) return plain(value.toString('latin1'));
  if (typeof value === 'string') return plain(value);
  if (typeof value === 'function') return `function ${value.name}`;
  return typeof value === 'object' && value !== null ? value.constructor?.name : String(value);
}

/**
 * Writes down the events of an emitter: the order, `this`, the arguments and the application's storage. Each
 * emitter has a list of its own, because the order between two sockets is the system's.
 */
function watch(emitter, events, lines = []) {
  for (const event of events) {
    emitter.on(event, function (...args) {
      const self = this === emitter ? '' : ', another this';
      lines.push(`${event}(${args.map(brief).join()}) in ${storage.getStore()}${self}`);
    });
  }
  return lines;
}

/** How many listeners an emitter has, of each event. */
function listeners(emitter) {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));
}

// Hidden, and put by the agent on what it observes; and the marks of any storage on promises and other objects.
const hidden = /^(?:emit|Symbol\((?:kResourceStore|(?:trigger_)?async_id_symbol)\))$/;

/** The names of an object's own properties. */
function names(value) {
  const own = Reflect.ownKeys(value).map(String);
  return own.filter((name) => !hidden.test(name) || Object.keys(value).includes(name));
}

/** What a client that speaks bytes gets for bytes, until the connection closes. */
async function raw(port, ...texts) {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  let got = '';
  socket.on('data', (text) => (got += text)).on('error', (error) => (got += `[${error.code}]`));
  for (const text of texts) {
    socket.write(text, 'latin1');
    await new Promise(setImmediate);
  }
  // Not `once`, which rejects where an error comes first.
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
  return plain(got);
}

// Ids, file descriptors, times; how many headers there are, of which the trace's are three; and the mark that
// Node 20 and 22 leave on what is made while any storage is in use.
const varying =
  /^(.*(?:async_?id\w*|\w*(?:timer|trigger)id|kHeadersCount|fd|port|time\w*|start|date|cache)\W*: )'?[\d.]+'?(,?)$/gim;
const storeMark = /^ *\[Symbol\(kResourceStore\)\]: (?:undefined|null|\[Object\]),?\n/gm;

/** What `console.log` shows of an object, without what varies from run to run. */
function printed(value, options) {
  return plain(inspect(value, { compact: false, ...options }))
    .replace(storeMark, '')
    .replace(/^.*'?x-trace-(?:info|hmac|time)'?.*\n/gim, '')
    .replace(varying, '$1N$2')
    .replace(/,$/gm, '');
}

/** Turns of the event loop: what was sent has arrived by then. */
async function turns(count = 5) {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

module.exports = {
  answer,
  bodyOf,
  brief,
  listeners,
  names,
  plain,
  printed,
  raw,
  read,
  signed,
  storage,
  turns,
  using,
  watch,
};
