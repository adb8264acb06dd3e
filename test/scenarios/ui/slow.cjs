// A service whose response waits for another request, so that its trace grows while somebody looks at it.
const http = require('node:http');

let goOn;
const told = new Promise((resolve) => (goOn = resolve));
const step = () => fetch(`http://localhost:${server.address().port}/step`);

const server = http.createServer(async (request, response) => {
  if (request.url === '/go') goOn();
  if (request.url === '/slow') {
    await step();
    await told;
    await step();
  }
  response.end('done');
});
server.listen(0, () => console.log(`listening ${server.address().port}`));
