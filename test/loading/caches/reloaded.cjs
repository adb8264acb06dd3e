// A driver that is loaded anew past the agent's hook, as loaders do that give Node their own source of it, while
// as many files as before are loaded.
const Module = require('node:module');
const { join } = require('node:path');
const { profiler } = require('ostrace');

const { tracing } = require(join(process.env.AGENT, 'dist/agent.js'));
const file = join(require.resolve('pg'), '../client.js');

function reload() {
  const last = Object.keys(require.cache).at(-1);
  for (const each of [file, last]) delete require.cache[each];
  const Client = Module._load(file);
  Module._load(last);
  return Client;
}

async function query(Client) {
  const client = new Client();
  profiler.init('test-key');
  await profiler.trace('run', async () => {
    await client.connect();
    console.log((await client.query('SELECT 1 AS n')).rows);
    await client.end();
  });
  profiler.clean();
  while (tracing.live > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function main() {
  // Twice: the first one loads more.
  for (let i = 0; i < 2; i++) await query(require('pg').Client);
  await query(reload());
}

main();
