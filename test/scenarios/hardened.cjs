// A server that hardens itself as the first argument says, and then calls out in each way that Node has.
const http = require('node:http');
const { execFile } = require('node:child_process');
const { channel } = require('node:diagnostics_channel');
const { Worker } = require('node:worker_threads');

const [mode, when] = process.argv.slice(2);

class Foreign {
  origin = 'http://127.0.0.1:1';
  path = '/';
  method = 'GET';
  headers = [];
}

class Hostile extends Foreign {
  addHeader() {}

  get onData() {
    throw new Error('this is no method');
  }
}

const harden = {
  none() {},
  'frozen Error': () => Object.freeze(Error),
  'a limit of stacks that stays'() {
    Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: false, configurable: false });
  },
  'frozen prototypes'() {
    for (const { prototype } of [
      Array,
      Object,
      Function,
      Promise,
      Map,
      Set,
      WeakMap,
      RegExp,
      String,
      Date,
      Buffer,
    ]) {
      Object.freeze(prototype);
    }
  },
  'frozen process': () => Object.freeze(process),
  'frozen modules'() {
    for (const each of [
      http,
      http.ClientRequest.prototype,
      http.Server.prototype,
      require('node:worker_threads'),
    ]) {
      Object.freeze(each);
    }
  },
  // As undici 6.11.0 does it.
  'a copy of undici that takes no headers'() {
    for (let i = 0; i < 2; i++) channel('undici:request:create').publish({ request: new Foreign() });
  },
  'a copy of undici whose requests throw'() {
    channel('undici:request:create').publish({ request: new Hostile() });
  },
}[mode];

if (when === 'at the start') harden();

const server = http.createServer(async (request, response) => {
  if (request.url !== '/traced') {
    response.end('plain');
    return;
  }
  const { port } = server.address();
  const said = [];
  if (when === 'when traced') harden();
  await fetch(`http://127.0.0.1:${port}/by-fetch`).then(
    async (answer) => said.push(await answer.text()),
    () => said.push('failed'),
  );
  said.push(
    await new Promise((resolve) => {
      http.get({ port, path: '/by-http' }, (answer) => answer.setEncoding('utf8').on('data', resolve));
    }),
  );
  said.push(
    await new Promise((resolve) =>
      execFile(process.execPath, ['-p', '1'], (_error, stdout) => resolve(stdout)),
    ),
  );
  said.push(await new Promise((resolve) => new Worker('0', { eval: true }).on('exit', resolve)));
  response.end(JSON.stringify(said));
});
server.listen(0, '127.0.0.1', () => {
  const headers = JSON.parse(process.env.SIGNED_HEADERS);
  const { port } = server.address();
  http.get({ port, path: '/traced', headers, agent: false }, (answer) => {
    answer.setEncoding('utf8').on('data', (text) => console.log(text));
    answer.on('end', () => process.exit());
  });
});
