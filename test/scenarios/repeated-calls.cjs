// Calls that are made again and again in requests; a comment names each line that the agent should find.
const http = require('node:http');
const { Client } = require('pg');
const { createClient } = require('redis');

const pool = new Client();
const redis = createClient({ url: process.env.REDIS_URL });

async function listOrders() {
  for (let i = 0; i < 4; i++) {
    await pool.query('select $1::int as id', [i]); // SELECT
  }
}

function get(path) {
  return new Promise((resolve) => {
    const { port } = server.address();
    http.get({ port, path, agent: false }, (answer) => answer.resume().on('end', resolve)); // GET
  });
}

class Shop {
  async readPrices() {
    for (let i = 0; i < 4; i++) await redis.get(`ostrace-repeated:${i}`); // get
  }
}

const handlers = {
  '/orders': listOrders,
  '/items': async () => {
    for (let i = 0; i < 4; i++) await get(`/item-${i}`);
    await get('/once');
  },
  '/prices': () => new Shop().readPrices(),
  '/anonymous': async () => {
    await [1, 2, 3].reduce((done) => done.then(() => pool.query('select 1')), Promise.resolve()); // select
  },
};

const server = http.createServer(async (request, response) => {
  await handlers[request.url]?.();
  response.end();
});

if (process.argv[2] === 'own stacks') {
  // As some applications and their tools do.
  Error.stackTraceLimit = 0;
  Error.prepareStackTrace = () => {
    throw new Error('not for ostrace');
  };
}

const { stackTraceLimit, prepareStackTrace } = Error;

void Promise.all([pool.connect(), redis.connect()]).then(() =>
  server.listen(0, '127.0.0.1', () => console.log(server.address().port)),
);
process.once('SIGTERM', () => {
  if (Error.stackTraceLimit !== stackTraceLimit || Error.prepareStackTrace !== prepareStackTrace) {
    console.error('the settings of stacks have changed');
  }
  process.exit(0);
});
