// Says secrets to Redis in every way in which an application may: `ioredis` or `redis` in the argument. Each text with
// a secret in it ends in `-secret`.
const url = new URL(process.env.REDIS_URL);
// A user without a password takes any.
const secretUrl = `redis://default:url-secret@${url.host}${url.pathname}`;
const key = `ostrace-test-${process.pid}`;

async function open(library) {
  if (library === 'ioredis') {
    const { Redis } = require('ioredis');
    const client = new Redis(secretUrl);
    return { ask: (...words) => client.call(...words), close: () => client.disconnect() };
  }
  const client = require('redis').createClient({ url: secretUrl });
  client.on('error', () => {});
  await client.connect();
  return { ask: (...words) => client.sendCommand(words), close: () => client.destroy() };
}

async function main() {
  const { ask, close } = await open(process.argv[2]);
  const told = [];
  for (const words of [
    ['SET', key, 'value-secret'],
    ['GET', key],
    ['EVAL', 'return ARGV[1] -- script-secret', '1', key, 'argument-secret'],
    ['AUTH', 'auth-secret'],
    ['AUTH', 'nobody', 'auth-secret'],
    ['HELLO', '2', 'AUTH', 'nobody', 'hello-secret'],
    ['CONFIG', 'GET', 'config-secret'],
    ['CONFIG', 'SET', 'config-secret', 'config-secret'],
    ['CONFIG', 'config-secret'],
    ['ACL', 'GETUSER', 'acl-secret'],
    ['ACL', 'SETUSER', 'nobody', 'acl-secret'],
    ['MIGRATE', '127.0.0.1', '1', `${key}-none`, '0', '10', 'AUTH', 'migrate-secret'],
    ['CLIENT', 'SETNAME', 'name-secret'],
    ['NOBODY.KNOWS', 'unknown-secret'],
    ['INCRBY', `${key}-none`, 'number-secret'],
    ['DEL', key],
  ]) {
    told.push(
      await ask(...words).then(
        (answer) => String(answer),
        (error) => `${error.name} ${error.message}`,
      ),
    );
  }
  close();
  console.log(JSON.stringify(told));
}

void main();
