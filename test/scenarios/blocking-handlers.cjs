// A server that is asked by itself: `/waits` goes on until the others are answered, two of which block the loop in
// their handlers and one after an `await`.
const http = require('node:http');

const signed = JSON.parse(process.env.SIGNED);

function block() {
  const until = performance.now() + 30;
  while (performance.now() < until);
}

let finish;
const isDone = new Promise((resolve) => (finish = resolve));
let begin;
const hasBegun = new Promise((resolve) => (begin = resolve));

const server = http.createServer(async (request, response) => {
  // As a framework changes it.
  const { url } = request;
  request.url = '/';
  if (url.startsWith('/invoices') || url === '/report') block();
  else if (url === '/waits') {
    begin();
    await isDone;
  } else {
    await new Promise((resolve) => setImmediate(resolve));
    block();
  }
  response.end();
});

function ask(path, method = 'GET') {
  return new Promise((resolve) => {
    const { port } = server.address();
    http
      .request({ port, path, method, agent: false, headers: signed[path] }, (answer) =>
        answer.resume().on('end', resolve),
      )
      .end();
  });
}

server.listen(0, '127.0.0.1', async () => {
  const waiting = ask('/waits');
  await hasBegun;
  await ask('/invoices/42?token=secret', 'POST');
  await ask('/report');
  await ask('/late');
  finish();
  await waiting;
  server.close();
});
