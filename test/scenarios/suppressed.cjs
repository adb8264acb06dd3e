// Requests by each client, in a context in which OpenTelemetry suppresses tracing, as its exporters have one, and
// outside of it. Only what an application may call of OpenTelemetry is there.
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const { profiler } = require('ostrace');
const undici = require('undici');

const contexts = new AsyncLocalStorage();
const suppressing = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
globalThis[Symbol.for('opentelemetry.js.api.1')] = {
  context: { active: () => ({ getValue: (asked) => asked === suppressing && contexts.getStore() }) },
};

const headers = process.argv[2] === undefined ? { 'x-a': 'AWS4-' } : { authorization: process.argv[2] };
const told = (given) => (given['x-trace-info'] === undefined ? 'bare' : 'signed');
const server = http.createServer((request, response) => response.end(told(request.headers)));
const newer = http2.createServer((request, response) => response.end(told(request.headers)));

async function text(stream) {
  let body = '';
  for await (const chunk of stream) body += chunk;
  return body;
}

async function main() {
  for (const each of [server, newer]) await once(each.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  const session = http2.connect(`http://127.0.0.1:${newer.address().port}`);
  const ask = async () => [
    await text((await once(http.get(url, { headers, agent: false }), 'response'))[0]),
    await (await fetch(url, { headers })).text(),
    await (await undici.request(url, { headers })).body.text(),
    await text(session.request({ ':path': '/', ...headers })),
  ];
  const exported = await profiler.trace('exported', () => contexts.run(true, ask));
  const asked = await profiler.trace('asked', ask);
  console.log(JSON.stringify({ exported, asked }));
  session.close();
  for (const each of [server, newer]) each.close();
  server.closeAllConnections();
  await undici.getGlobalDispatcher().close();
}

main();
