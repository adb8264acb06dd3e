// One variant of `run.mjs`: makes batches of untraced calls when it is asked to, and tells what they cost.
const { channel } = require('node:diagnostics_channel');

const [library, variant] = process.argv.slice(2);
const channels = { mysql2: 'mysql2:query', ioredis: 'ioredis:command' };

async function connect() {
  if (library === 'ioredis') {
    const Redis = require('ioredis');
    const client = new Redis(process.env.REDIS_URL);
    return { call: () => client.get('nothing'), end: () => client.disconnect() };
  }
  const { MYSQL_HOST: host, MYSQL_PORT: port, MYSQL_USER: user, MYSQL_PASSWORD: password } = process.env;
  const client = require('mysql2').createConnection({ host, port, user, password });
  const call = () =>
    new Promise((resolve, reject) =>
      client.query('SELECT 1', (error, rows) => (error ? reject(error) : resolve(rows))),
    );
  return { call, end: () => client.end() };
}

async function main() {
  if (variant === 'subscriber') channel(`tracing:${channels[library]}:start`).subscribe(() => {});
  const { call, end } = await connect();
  process.on('message', async (count) => {
    if (count === 0) {
      end();
      process.disconnect();
      return;
    }
    const before = process.cpuUsage();
    for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: 50 }, call));
    const { user, system } = process.cpuUsage(before);
    process.send((1000 * (user + system)) / count);
  });
  process.send('ready');
}

void main();
