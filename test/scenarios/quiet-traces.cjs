// A server that tells how many of the traces that it served are live, and how many of their objects are left.
const http = require('node:http');
const { current, tracing } = require(`${process.env.AGENT}/dist/agent.js`);

const traces = [];

const server = http.createServer((request, response) => {
  if (request.url === '/state') {
    global.gc();
    const left = traces.filter((trace) => trace.deref() !== undefined).length;
    response.end(JSON.stringify({ live: tracing.live, left }));
    return;
  }
  if (request.url === '/end') server.close();
  else traces.push(new WeakRef(current().trace));
  response.end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
