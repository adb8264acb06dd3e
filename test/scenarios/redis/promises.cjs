// Looks at the promises of Redis's clients, and leaves one that is rejected alone: `ioredis` or `redis` in the argument.
const url = process.env.REDIS_URL;

async function main() {
  let client;
  if (process.argv[2] === 'ioredis') client = new (require('ioredis').Redis)(url);
  else client = await require('redis').createClient({ url }).connect();
  const ask = (...words) => (client.call === undefined ? client.sendCommand(words) : client.call(...words));
  const promise = ask('PING');
  const seen = [
    Object.getPrototypeOf(promise) === Promise.prototype,
    Object.getOwnPropertyNames(promise),
    await promise,
  ];
  process.on('unhandledRejection', (error, rejected) => {
    seen.push(error.message, Object.getOwnPropertyNames(rejected));
    console.log(JSON.stringify(seen));
    (client.destroy ?? client.disconnect).call(client);
  });
  void ask('GET');
}

void main();
