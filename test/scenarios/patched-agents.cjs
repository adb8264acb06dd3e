// Asks `localhost` while functions of Node's agents lead to 127.0.0.1.
const http = require('node:http');
const net = require('node:net');

async function main() {
  const { ports } = JSON.parse(process.argv[2]);
  const ask = (path) =>
    new Promise((resolve, reject) => {
      const agent = new http.Agent();
      http
        .get(`http://localhost:${ports.http}/${path}`, { agent }, (answer) =>
          answer.resume().on('end', resolve),
        )
        .on('error', reject);
    });
  const elsewhere = (options) => ({ ...options, host: '127.0.0.1', hostname: '127.0.0.1' });
  const { prototype } = http.Agent;
  const patched = async (name, owner, method, wrap) => {
    const original = owner[method];
    owner[method] = wrap(original);
    await ask(name);
    owner[method] = original;
  };
  await patched(
    'createConnection',
    prototype,
    'createConnection',
    () => (options) => net.connect(elsewhere(options)),
  );
  await patched(
    'createSocket',
    prototype,
    'createSocket',
    (original) =>
      function (request, options, done) {
        return original.call(this, request, elsewhere(options), done);
      },
  );
  await patched(
    'addRequest',
    prototype,
    'addRequest',
    (original) =>
      function (request, options) {
        return original.call(this, request, elsewhere(options));
      },
  );
  // Before Node 22 agents have a function of their own.
  const owner = prototype.createConnection === net.createConnection ? prototype : net;
  await patched(
    'net',
    owner,
    'createConnection',
    (original) =>
      (options, ...rest) =>
        original(elsewhere(options), ...rest),
  );
  await patched(
    'wrapped',
    prototype,
    'createConnection',
    (original) =>
      function (...args) {
        return original.apply(this, args);
      },
  );
  await ask('unpatched');
  process.exit();
}

main();
