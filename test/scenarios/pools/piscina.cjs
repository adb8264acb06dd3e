// A service that hands work to one pool of piscina: each request is a task, which says what it has seen.
const http = require('node:http');
const { join } = require('node:path');
const { Piscina } = require('piscina');

const pool = new Piscina({
  filename: join(__dirname, 'task.cjs'),
  minThreads: Number(process.env.MIN_THREADS ?? 2),
  maxThreads: 2,
  idleTimeout: 60_000,
  concurrentTasksPerWorker: Number(process.env.CONCURRENT ?? 1),
});
const server = http.createServer(async (request, response) => {
  const id = request.url.slice(1);
  if (id === 'end') {
    await pool.close();
    response.end('end', () => server.close());
    server.closeAllConnections?.();
    return;
  }
  response.end(await pool.run({ id }));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
