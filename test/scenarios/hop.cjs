// A service that asks the service whose address it was given, until it is told to end.
const http = require('node:http');

const [, , upstream] = process.argv;

function ask(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
  });
}

const server = http.createServer(async (_request, response) => {
  const status = upstream === undefined ? 200 : await ask(upstream);
  response.writeHead(status, { connection: 'close' }).end('done');
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => server.close());
