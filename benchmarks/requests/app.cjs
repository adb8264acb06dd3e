// A small service with nothing in it but the work that is measured. `/queries/N` runs N queries, one
// after another; what it answers is how many rows, answers or exit codes came.
const { execFile } = require('node:child_process');
const http = require('node:http');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const grpc = require('@grpc/grpc-js');
const amqp = require('amqplib');
const { Redis } = require('ioredis');
const mysql = require('mysql2/promise');
const { Pool } = require('pg');

const { MYSQL_HOST, MYSQL_PORT, MYSQL_USER, MYSQL_PASSWORD, MYSQL_DATABASE, UPSTREAM, UPSTREAM_GRPC } =
  process.env;
const { REDIS_URL, AMQP_URL } = process.env;
// All variants' applications are up at a time, and a PostgreSQL takes 100 connections by default. They stay
// while the others have their turn.
const connections = 4;
const pool = new Pool({ max: connections, idleTimeoutMillis: 0 });
const mysqlPool = mysql.createPool({
  host: MYSQL_HOST,
  port: Number(MYSQL_PORT),
  user: MYSQL_USER,
  password: MYSQL_PASSWORD,
  database: MYSQL_DATABASE,
  connectionLimit: connections,
});
const agent = new http.Agent({ keepAlive: true });
const redis = new Redis(REDIS_URL);
const texts = { serialize: (value) => Buffer.from(value), deserialize: String };
const Upstream = grpc.makeClientConstructor({
  answer: {
    path: '/Upstream/Answer',
    requestStream: false,
    responseStream: false,
    requestSerialize: texts.serialize,
    requestDeserialize: texts.deserialize,
    responseSerialize: texts.serialize,
    responseDeserialize: texts.deserialize,
  },
});
const upstream = new Upstream(UPSTREAM_GRPC, grpc.credentials.createInsecure());
let channel;
let queue;

/** A queue that keeps only the newest message. */
async function openQueue() {
  const connection = await amqp.connect(AMQP_URL);
  channel = await connection.createConfirmChannel();
  ({ queue } = await channel.assertQueue('', { exclusive: true, maxLength: 1 }));
}

const work = {
  ping: () => 0,

  async queries(count) {
    let rows = 0;
    for (let i = 0; i < count; i++) {
      const result = await pool.query('select $1::int as n', [i]);
      rows += result.rows.length;
    }
    return rows;
  },

  async mysql() {
    const [rows] = await mysqlPool.query('select ? as n', [7]);
    return rows.length;
  },

  outgoing: () =>
    new Promise((resolve, reject) => {
      http
        .get(UPSTREAM, { agent }, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (text) => (body += text));
          response.on('end', () => resolve(body.length)).on('error', reject);
        })
        .on('error', reject);
    }),

  async redis() {
    return (await redis.get('nothing')) === null ? 1 : 0;
  },

  grpc: () =>
    new Promise((resolve, reject) => {
      upstream.answer('1', (error, got) => (error === null ? resolve(got.length) : reject(error)));
    }),

  publish: () =>
    new Promise((resolve, reject) => {
      channel.sendToQueue(queue, Buffer.from('1'), {}, (error) =>
        error === null ? resolve(1) : reject(error),
      );
    }),

  command: () =>
    new Promise((resolve, reject) => {
      execFile('/bin/true', (error) => (error === null ? resolve(0) : reject(error)));
    }),

  worker: () =>
    new Promise((resolve, reject) => {
      new Worker(join(__dirname, 'worker.cjs')).on('error', reject).on('exit', resolve);
    }),
};

async function answer(url) {
  const [, name, count] = url.split('/');
  return String(await work[name](Number(count)));
}

const server = http.createServer((request, response) => {
  answer(request.url).then(
    (body) => response.end(body),
    (error) => {
      response.statusCode = 500;
      response.end(error.message);
    },
  );
});
// The load pauses while the other variants have their turn.
server.keepAliveTimeout = 300_000;
openQueue().then(() =>
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port }))),
);
