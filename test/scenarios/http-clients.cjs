// Asks a server in each of the ways that there are, in one traced process, and prints what each got.
const { connect } = require('node:net');
const { profiler } = require('ostrace');

// As proxy agents are: it is asked for a connection, and has it later.
const other = {
  protocol: 'http:',
  addRequest(request, { port, host }) {
    setTimeout(() => request.onSocket(connect(port, host)), 5);
  },
};

module.exports = async function clients({ http, undici }) {
  const { request, get, ClientRequest } = http;
  const base = process.argv[2];
  const { hostname, port } = new URL(base);
  const read = async (response) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  };
  const answer = (outgoing) =>
    new Promise((resolve, reject) => {
      outgoing.on('response', (response) => resolve(read(response)));
      outgoing.on('error', reject);
    });
  const ended = (outgoing) => {
    outgoing.end();
    return answer(outgoing);
  };
  const ways = {
    get: () => answer(get(`${base}/get?x=1`)),
    'get, callback': () =>
      new Promise((resolve) => get(`${base}/get`, (response) => resolve(read(response)))),
    request: () => ended(request({ hostname, port, path: '/request', method: 'PUT' })),
    'named import': () => ended(http.request(`${base}/named`)),
    'headers as a list': () =>
      ended(request({ hostname, port, path: '/list', headers: ['Host', hostname, 'X-A', '1'] })),
    expect: () =>
      ended(
        request({ hostname, port, path: '/expect', method: 'POST', headers: { Expect: '100-continue' } }),
      ),
    body: () => {
      const outgoing = request({ hostname, port, path: '/body', method: 'POST' });
      outgoing.write('a');
      setTimeout(() => outgoing.end('b'), 5);
      return answer(outgoing);
    },
    fetch: async () => (await fetch(`${base}/fetch`)).text(),
    'fetch, redirected': async () => (await fetch(`${base}/redirect`)).text(),
    undici: async () => (await undici.request(`${base}/undici`)).body.text(),
    'already signed': () =>
      ended(request({ hostname, port, path: '/aws', headers: { Authorization: 'AWS4-HMAC-SHA256 x' } })),
    'fetch, already signed': async () =>
      (await fetch(`${base}/aws-fetch`, { headers: { Authorization: 'AWS4-HMAC-SHA256 x' } })).text(),
    refused: () => ended(request({ hostname, port: 1, path: '/refused' })).catch((error) => error.code),
    'fetch, refused': () =>
      fetch(`http://127.0.0.1:${process.argv[3]}/refused-fetch`).catch((error) => error.cause.code),
    unread: () =>
      new Promise((resolve) => {
        const outgoing = get(`${base}/unread`);
        outgoing.on('close', () => resolve('closed'));
      }),
    'new ClientRequest': () => ended(new ClientRequest(`${base}/constructor`)),
    'no agent': () =>
      ended(request(`${base}/agentless`, { createConnection: () => connect(port, hostname) })),
    'an agent of another kind, with a body': () => {
      const outgoing = request(`${base}/agent`, { agent: other, method: 'POST' });
      outgoing.end('body');
      return answer(outgoing);
    },
    upgrade: () =>
      new Promise((resolve) => {
        const outgoing = get({
          hostname,
          port,
          path: '/upgrade',
          headers: { Connection: 'Upgrade', Upgrade: 'x' },
        });
        outgoing.on('upgrade', (response, socket) => {
          socket.destroy();
          resolve(response.statusCode);
        });
      }),
  };
  const results = {};
  for (const [name, way] of Object.entries(ways)) {
    results[name] = await profiler.trace(name, way);
  }
  console.log(JSON.stringify(results));
};

if (require.main === module) module.exports({ http: require('node:http'), undici: require('undici') });
