// A server whose loop never waits for events, and a client that asks it over one connection, a while later again, and
// then over another connection.
const http = require('node:http');

const signed = JSON.parse(process.env.SIGNED);
const agents = [1, 2].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }));
const longMs = 30;
let isBusy = true;
const stayBusy = () => isBusy && setImmediate(stayBusy);

function ask(path, agent) {
  const { port } = server.address();
  return new Promise((resolve) => {
    http.get({ port, path, agent, headers: signed[path] }, (answer) => answer.resume().on('end', resolve));
  });
}

/** The loop does not wait for events meanwhile, as it does for a timer. */
function pass() {
  const until = performance.now() + longMs;
  return new Promise((resolve) => {
    const look = () => (performance.now() < until ? setImmediate(look) : resolve());
    look();
  });
}

const server = http.createServer((request, response) => response.end());
server.listen(0, '127.0.0.1', async () => {
  stayBusy();
  const [first, second] = agents;
  await ask('/first', first);
  await pass();
  await ask('/again', first);
  await ask('/other', second);
  isBusy = false;
  for (const agent of agents) agent.destroy();
  server.close();
});
