// A small service with nothing in it but the work that is measured. `/queries/N` runs N queries, one
// after another; what it answers is how many rows came.
const http = require('node:http');
const { Pool } = require('pg');

const pool = new Pool();

async function answer(url) {
  let rows = 0;
  const queries = Number(url.split('/')[2] ?? 0);
  for (let i = 0; i < queries; i++) {
    const result = await pool.query('select $1::int as n', [i]);
    rows += result.rows.length;
  }
  return String(rows);
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
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
