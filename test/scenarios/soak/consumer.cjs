// A service whose consumer is started by a request, and lasts. Each message is an id.
//   node consumer.cjs AGENT LIBRARY   the agent's own module, and a name of `consumers.cjs`
// `GET /start` starts the consumer; its answer ends with `GET /answer`. `GET /send/7` sends a message, `GET /send/7/1000`
// that and the next ones, and each is answered when all are handled. `GET /live`, `/state` and `/end` are for the test.
const http = require('node:http');
const { setImmediate: turn } = require('node:timers/promises');

const { left, register } = require('./left.cjs');

const { current, tracing } = require(process.argv[2]);
const { profiler } = require('ostrace');
const start = require('./consumers.cjs')[process.argv[3]];

let handled = 0;
const waiting = new Map();
let consumer;
let starting;

/** Handles a message, with work in a later turn. */
async function handle(id) {
  profiler.trace(`begun ${id}`, () => {});
  await turn();
  profiler.trace(`done ${id}`, () => {});
  handled++;
  waiting.get(id)?.();
}

async function send(first, count) {
  const ids = Array.from({ length: count }, (_, i) => String(first + i));
  const all = Promise.all(ids.map((id) => new Promise((resolve) => waiting.set(id, resolve))));
  await consumer.send(ids);
  await all;
  for (const id of ids) waiting.delete(id);
}

const answers = {
  answer() {
    starting.end();
    return 'answered';
  },
  async send(first, count = '1') {
    await send(Number(first), Number(count));
    return 'handled';
  },
  live: () => String(tracing.live),
  state: async () => JSON.stringify({ ...(await left()), live: tracing.live, handled }),
  async end() {
    await consumer.close();
    return 'end';
  },
};

const server = http.createServer(async ({ url }, response) => {
  const context = current();
  if (context !== undefined) {
    register('context', context);
    register('trace', context.trace);
  }
  const [, name, ...args] = url.split('/');
  if (name === 'start') {
    consumer = await start(handle);
    starting = response;
    response.write('started');
    return;
  }
  const answer = await answers[name](...args);
  response.end(answer, () => {
    if (name !== 'end') return;
    server.close();
    server.closeAllConnections();
  });
});
// A busy machine may take its time between two requests.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
