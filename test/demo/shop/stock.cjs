// The stock, a CommonJS module: GET /picking?skus=CUP-3,TEA-7 tells where things lie, shelf by shelf.
const { execFile } = require('node:child_process');
const { createServer } = require('node:http');
const { promisify } = require('node:util');

const amqp = require('amqplib');
const { Pool } = require('pg');

const stock = new Pool({ connectionString: process.env.POSTGRESQL_URL });

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://stock');
  pickingList(searchParams.get('skus').split(',')).then(
    (list) => response.end(JSON.stringify(list)),
    (error) => {
      console.error(error);
      response.writeHead(500).end('[]');
    },
  );
});

const listen = () =>
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

takeShipments().then(listen);

/** What the shop asks for by messages. */
async function takeShipments() {
  const { AMQP_URL, SHIPMENTS } = process.env;
  if (!AMQP_URL) return;
  const connection = await amqp.connect(AMQP_URL);
  const channel = await connection.createChannel();
  await channel.consume(SHIPMENTS, async (message) => {
    const { skus } = JSON.parse(message.content);
    await stock.query('select count(*) from shelves where sku = any($1)', [skus]);
    channel.ack(message);
  });
}

async function pickingList(skus) {
  const { rows } = await stock.query('select sku, shelf from shelves where sku = any($1)', [skus]);
  return sorted(rows.map(({ sku, shelf }) => `${shelf} ${sku}`));
}

/** By a command that is on every machine. */
async function sorted(lines) {
  const sorting = promisify(execFile)('sort');
  sorting.child.stdin.end(lines.join('\n'));
  const { stdout } = await sorting;
  return stdout.trim().split(/\r?\n/);
}
