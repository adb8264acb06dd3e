// The shop, an ES module: GET /orders/42 tells what was ordered, where it lies and how it travels.
// Nothing in these files knows of ostrace.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';

import amqp from 'amqplib';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { Pool } from 'pg';
import { Piscina } from 'piscina';

const orders = new Pool({ connectionString: process.env.POSTGRESQL_URL });
const reviews = process.env.MYSQL_URL && mysql.createPool(process.env.MYSQL_URL);

const cache = process.env.REDIS_URL ? new Redis(process.env.REDIS_URL) : undefined;
const shipments = process.env.AMQP_URL && (await openQueue());
/** A queue of jobs, which a few threads take: they are there before the first request. */
const jobs = new Piscina({ filename: new URL('invoice.mjs', import.meta.url).href, maxThreads: 1 });

const server = createServer((request, response) => {
  const id = Number(request.url.split('/').at(-1));
  describe(id).then(
    (order) => response.end(`${JSON.stringify(order)}\n`),
    (error) => {
      console.error(error);
      response.writeHead(500).end('the order cannot be shown\n');
    },
  );
});

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

async function describe(id) {
  const cached = await cache?.get(`order:${id}`);
  if (cached) return JSON.parse(cached);
  const { rows } = await orders.query('select customer, city from orders where id = $1', [id]);
  const { rows: items } = await orders.query('select sku, quantity from items where order_id = $1', [id]);
  const skus = items.map(({ sku }) => sku);
  return {
    order: id,
    ...rows[0],
    items,
    ...(reviews && { ratings: await ratings(skus) }),
    picking: await pickingList(skus),
    invoice: await jobs.run({ id }),
    ...(shipments && { shipment: await ship(id, skus) }),
    kilometres: await route(rows[0].city),
    label: await label(id),
  };
}

async function ratings(skus) {
  const [rows] = await reviews.query(
    'select sku, avg(stars) stars from reviews where sku in (?) group by sku',
    [skus],
  );
  return Object.fromEntries(rows.map(({ sku, stars }) => [sku, Number(stars)]));
}

/** The other service. */
async function pickingList(skus) {
  const response = await fetch(`${process.env.STOCK_URL}/picking?skus=${skus}`);
  if (!response.ok) throw new Error(`the stock answers ${response.status}`);
  return response.json();
}

/** A queue of another kind, between services: nobody waits until the message is handled. */
async function openQueue() {
  const connection = await amqp.connect(process.env.AMQP_URL);
  return connection.createConfirmChannel();
}

async function ship(id, skus) {
  shipments.sendToQueue(process.env.SHIPMENTS, Buffer.from(JSON.stringify({ id, skus })));
  await shipments.waitForConfirms();
  return 'asked for';
}

/** A thread of its own, because it computes for a while. */
async function route(city) {
  const worker = new Worker(new URL('route.mjs', import.meta.url), { workerData: city });
  const [[kilometres]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return kilometres;
}

/** A process of its own. */
async function label(id) {
  const child = fork(new URL('label.mjs', import.meta.url), [id]);
  const [[code]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return code;
}
