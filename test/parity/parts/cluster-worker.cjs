// A worker of a cluster: serves requests, and tells what it sees of itself.
const cluster = require('node:cluster');
const http = require('node:http');

const server = http.createServer((request, response) => {
  const { isWorker, isPrimary, isMaster, worker } = cluster;
  response.end(
    JSON.stringify({
      url: request.url,
      roles: [isWorker, isPrimary, isMaster],
      worker: [typeof worker.id, worker.isConnected(), worker.isDead(), worker.process === process],
      own: process.env.OWN,
      unique: process.env.NODE_UNIQUE_ID,
      argv: process.argv.slice(2),
      address: typeof server.address().port,
    }),
  );
});
process.on('message', (message) => {
  if (message === 'throw') throw new RangeError('in the worker');
  if (message === 'exit') process.exit(5);
  process.send([message]);
});
server.listen(0, '127.0.0.1');
