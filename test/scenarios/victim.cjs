// A server in which one request blocks the loop while another one arrives, both sent by itself: `/calm` comes after
// the loop has waited for events, `/victim` while `/blocks` starts a process and waits for it, which sends it.
const { execFileSync } = require('node:child_process');
const { createServer } = require('node:http');
const { connect } = require('node:net');

const [, , port, headers] = process.argv;

/** Sends a request on a connection of its own. */
function send(to, path, given) {
  const lines = Object.entries({ Host: 'a', Connection: 'close', ...given }).map((line) => line.join(': '));
  const socket = connect(to, '127.0.0.1');
  socket.resume().write(['GET ' + path + ' HTTP/1.1', ...lines, '', ''].join('\r\n'));
  return socket;
}

if (port !== undefined) {
  // The system takes it in while the server is blocked.
  const socket = send(Number(port), '/victim', JSON.parse(headers));
  socket.on('connect', () => socket.end(() => process.exit()));
} else {
  const { calm, victim } = JSON.parse(process.env.SIGNED);
  const server = createServer((request, response) => {
    const { port: own } = server.address();
    if (request.url === '/blocks') execFileSync(process.execPath, [__filename, own, JSON.stringify(victim)]);
    response.end();
    if (request.url === '/victim') server.close();
  });
  server.listen(0, '127.0.0.1', async () => {
    const before = performance.nodeTiming.idleTime;
    while (performance.nodeTiming.idleTime === before) await new Promise((done) => setTimeout(done, 5));
    const { port: own } = server.address();
    send(own, '/calm', calm).on('close', () => send(own, '/blocks', {}));
  });
}
