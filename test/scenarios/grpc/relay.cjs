// A web server that asks a gRPC server over one channel, `GET /Unary/7`; the server is its own unless TARGET names one.
const { createServer } = require('node:http');
const { Client, call, credentials, serve } = require('./service.cjs');

async function main() {
  const { TARGET } = process.env;
  const own = TARGET === undefined ? await serve() : undefined;
  const client = new Client(TARGET ?? `127.0.0.1:${own.port}`, credentials);
  const server = createServer(async ({ url }, response) => {
    const [, kind, id] = url.split('/');
    if (kind === 'end') {
      response.end();
      client.close();
      own?.close();
      server.close();
      return;
    }
    try {
      response.end(await call(client, kind, id));
    } catch (error) {
      response.writeHead(502).end(error.message);
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
}

main();
