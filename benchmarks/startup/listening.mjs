// A small service: it is up when it listens. Connections to the database are made when they are needed.
import http from 'node:http';

import { Pool } from 'pg';

const has = (name) => Symbol.for(name) in globalThis;
const pool = new Pool();
const server = http.createServer((request, response) => {
  pool.query('select 1').then(
    () => response.end(),
    () => response.destroy(),
  );
});
server.listen(0, '127.0.0.1', () => {
  console.log(
    JSON.stringify({ ostrace: has('ostrace.profiler.1'), opentelemetry: has('opentelemetry.js.api.1') }),
  );
});
