// A service that hands work to one pool of tinypool: each request is a task.
import { createServer } from 'node:http';
import { Tinypool } from 'tinypool';

const pool = new Tinypool({
  filename: new URL('task.cjs', import.meta.url).href,
  minThreads: Number(process.env.MIN_THREADS ?? 2),
  maxThreads: 2,
  idleTimeout: 60_000,
  concurrentTasksPerWorker: Number(process.env.CONCURRENT ?? 1),
});
const server = createServer(async (request, response) => {
  const id = request.url.slice(1);
  if (id === 'end') {
    await pool.destroy();
    response.end('end', () => server.close());
    return;
  }
  response.end(await pool.run({ id }));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
