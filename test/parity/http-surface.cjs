// What http, https, http2 and fetch look like from outside, and what becomes of what an application puts in
// their place.
const { syncBuiltinESMExports } = require('node:module');
const { Server, Socket } = require('node:net');
const { inspect } = require('node:util');
const { answer, using } = require('./tools/http.cjs');

exports.title = 'http, https, http2 and fetch: what is exported';
exports.points = ['http', 'wsgi'];

const flagsOf = (of) =>
  Object.entries(Object.getOwnPropertyDescriptors(of)).map(([name, { value, ...rest }]) => [
    name,
    typeof value,
    rest,
  ]);
// Before any case has sent a request.
const flagsOfError = flagsOf(Error);

/** All that hangs on a value, as text: its properties with their flags, and theirs down to a depth. */
const surface = (value, depth) => JSON.stringify(tree(value, depth));

function tree(value, depth) {
  const isFunction = typeof value === 'function';
  if (!isFunction && (typeof value !== 'object' || value === null || depth === 0)) {
    return typeof value === 'object' ? inspect(value, { depth: 0 }) : `${typeof value} ${String(value)}`;
  }
  if (isFunction && depth < 0) return `function ${value.name} ${value.length}`;
  const own = Object.entries(Object.getOwnPropertyDescriptors(value)).concat(
    Object.getOwnPropertySymbols(value).map((symbol) => [
      String(symbol),
      Object.getOwnPropertyDescriptor(value, symbol),
    ]),
  );
  // And the hidden `emit` of all servers; docs/support.md names these.
  const marks = /^(?:__original|__unwrap|__wrapped|Symbol\(ostrace\.wrapped\)|constructor)$/;
  const members = own
    .filter(
      ([name]) =>
        !marks.test(name) && !(name === 'emit' && [Server.prototype, Socket.prototype].includes(value)),
    )
    .map(([name, { value: member, get, set, writable, enumerable, configurable }]) => {
      const marked = `${writable} ${enumerable} ${configurable} ${get?.name} ${set?.name}`;
      return [name, marked, get === undefined ? tree(member, depth - 1) : ''];
    });
  return {
    is: isFunction ? `${value.name} ${value.length} ${inspect(value)}` : inspect(value, { depth: -1 }),
    members,
  };
}

const globals = [
  'fetch',
  'Request',
  'Response',
  'Headers',
  'FormData',
  'WebSocket',
  'EventSource',
  'MessageEvent',
];

/** Writes down the calls of a method, as an application's own wrapper would; gives the way back. */
function wrap(owner, name, calls) {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const original = owner[name];
  owner[name] = function (...args) {
    const what = typeof args[0] === 'string' && !args[0].includes(':') ? args[0] : '';
    calls.push(`${this?.constructor?.name}.${name}(${what})`);
    return Reflect.apply(original, this, args);
  };
  return () => (own === undefined ? delete owner[name] : Object.defineProperty(owner, name, own));
}

exports.cases = {
  'http, its classes and its functions': async (seen) => {
    for (const [name, member] of Object.entries(require('node:http'))) seen(name, surface(member, 2));
  },

  'flags of the exports': async (seen) => {
    for (const name of [
      'http',
      'https',
      'http2',
      '_http_client',
      '_http_server',
      '_http_agent',
      'net',
      'tls',
    ]) {
      seen(name, surface(require(`node:${name}`), 0));
      seen(`${name}, flags`, surface(require(`node:${name}`), 1));
    }
  },

  'classes of http2': async (seen) => {
    for (const [name, member] of Object.entries(require('node:http2'))) {
      if (typeof member === 'function') seen(name, surface(member, 2));
    }
  },

  'https and its agent': async (seen) => {
    const https = require('node:https');
    for (const [name, member] of Object.entries(https)) seen(name, surface(member, 2));
    seen('agent', inspect(https.globalAgent, { depth: 3 }));
    seen('http agent', inspect(require('node:http').globalAgent, { depth: 3 }));
  },

  'globals that undici brings': async (seen) => {
    for (const name of globals) {
      const { value, get, ...flags } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {};
      seen(name, [flags, typeof get, surface(value ?? globalThis[name], 2)]);
    }
  },

  'an ES module has the same functions': async (seen) => {
    const http = require('node:http');
    const imported = await import('node:http');
    const different = Object.keys(http).filter((name) => imported[name] !== http[name]);
    seen('different', different);
    seen('default', imported.default === http);
    seen('http and https', require('node:https').request === http.request);
    seen('process.getBuiltinModule', process.getBuiltinModule?.('http') === http);
    seen('constructor', http.request.prototype.constructor === http.request);
    seen('new', Reflect.getPrototypeOf(http.ClientRequest.prototype) === http.OutgoingMessage.prototype);
  },

  'a stub in the place of `request`, and the way back': async (seen) => {
    const http = require('node:http');
    const { request, get } = http;
    const before = Object.getOwnPropertyDescriptor(http, 'request');
    http.request = function stub() {
      return 'the stub';
    };
    syncBuiltinESMExports();
    seen('stub', http.request('http://127.0.0.1:1/'));
    const imported = await import('node:http');
    seen('imported', imported.request === http.request);
    http.request = request;
    http.get = get;
    syncBuiltinESMExports();
    const after = Object.getOwnPropertyDescriptor(http, 'request');
    seen(
      'flags',
      [before, after].map(({ value: _value, ...flags }) => flags),
    );
    seen('same', before.value === after.value && imported.request === request);
    delete http.get;
    seen('deleted', http.get);
    http.get = get;
  },

  'wrappers of the application around functions and prototypes': async (seen) => {
    const http = require('node:http');
    const calls = [];
    const places = new Map([
      [http, ['request', 'get']],
      [http.ClientRequest.prototype, ['end', 'onSocket']],
      [http.OutgoingMessage.prototype, ['write']],
      [http.ServerResponse.prototype, ['writeHead', 'end']],
      [http.IncomingMessage.prototype, ['on']],
      [http.Agent.prototype, ['addRequest', 'createConnection']],
      [http.Server.prototype, ['emit']],
    ]);
    const back = [...places].flatMap(([owner, methods]) => methods.map((name) => wrap(owner, name, calls)));
    const server = http.createServer((request, response) => response.writeHead(200).end('x'));
    await using(server, async (port) => {
      const { status, body } = await answer(http.get({ port, agent: false }));
      seen('answer', [status, body]);
      await answer(http.request({ port, agent: false, method: 'POST' }).end('abc'));
      await (await fetch(`http://127.0.0.1:${port}/`)).text();
    });
    for (const restore of back) restore();
    // Client and server call in an order that the system decides.
    for (const who of ['ClientRequest', 'ServerResponse', 'IncomingMessage', 'Agent', 'Server', 'Object']) {
      seen(
        who,
        calls.filter((call) => call.startsWith(`${who}.`)),
      );
    }
  },

  'a stub of fetch': async (seen) => {
    const original = globalThis.fetch;
    globalThis.fetch = async () => new Response('from the stub');
    seen('stub', await (await fetch('http://127.0.0.1:1/')).text());
    globalThis.fetch = original;
    seen('back', Object.getOwnPropertyDescriptor(globalThis, 'fetch').value === original);
  },

  'what of Error and of the process is left as it was': async (seen) => {
    const { createServer, get } = require('node:http');
    const { stackTraceLimit, prepareStackTrace } = Error;
    await using(
      createServer((_request, response) => response.end('x')),
      async (port) => {
        await answer(get({ port, agent: false }));
        await (await fetch(`http://127.0.0.1:${port}/`)).text();
        seen('kept', [Error.stackTraceLimit, Error.prepareStackTrace]);
        seen('flags', [flagsOfError, flagsOf(Error)]);
        let calls = 0;
        Error.prepareStackTrace = () => `mine ${++calls}`;
        Error.stackTraceLimit = 3;
        await (await fetch(`http://127.0.0.1:${port}/`)).text();
        const { stack } = new Error('x');
        seen('own', [typeof stack, Error.stackTraceLimit, calls]);
        Error.prepareStackTrace = prepareStackTrace;
        Error.stackTraceLimit = stackTraceLimit;
        if (prepareStackTrace === undefined) delete Error.prepareStackTrace;
      },
    );
  },
};
