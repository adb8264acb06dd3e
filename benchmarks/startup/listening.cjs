// A small service: it is up when it listens. Connections to the database are made when they are needed.
const http = require('node:http');
const { Pool } = require('pg');

const { firstLine } = require('./first-line.cjs');

const pool = new Pool();
const server = http.createServer((request, response) => {
  pool.query('select 1').then(
    () => response.end(),
    () => response.destroy(),
  );
});
server.listen(0, '127.0.0.1', () => {
  console.log(firstLine());
});
