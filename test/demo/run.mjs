// `npm run demo`: the two services of a shop run under the packed agent, a signed request goes through both,
// and its trace is shown and checked. It needs nothing but Node, takes some seconds, and leaves nothing
// behind but the trace and its page.
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkTrace } from './check.mjs';
import { installShop, root } from './install.mjs';
import { runToEnd, scratchFolder } from './lifetime.mjs';
import { useMysql } from './mysql.mjs';
import { environment, run, serve } from './processes.mjs';
import { useRabbitmq } from './rabbitmq.mjs';
import { useRedis } from './redis.mjs';

const key = 'demo-key';
// Where `ostrace` looks by itself when it is run here.
const store = join(root, '.ostrace');

await runToEnd(async () => {
  const folder = join(scratchFolder(), 'shop');
  const [ostrace, POSTGRESQL_URL, MYSQL_URL, REDIS_URL, rabbitmq] = await Promise.all([
    installShop(folder),
    startPostgresql(),
    useMysql(),
    useRedis(),
    useRabbitmq(),
  ]);

  const settings = {
    POSTGRESQL_URL,
    MYSQL_URL,
    REDIS_URL,
    ...rabbitmq,
    OSTRACE_ENABLED: 'true',
    OSTRACE_HMAC_KEYS: key,
    OSTRACE_TRACE_SQL: 'true',
    OSTRACE_CONNECTION_STRING: `file://${store}`,
  };
  const stock = await startService('stock', 'stock.cjs', folder, settings);
  const shop = await startService('shop', 'shop.mjs', folder, { ...settings, STOCK_URL: stock });

  const args = ['request', '--profile', key, '--show', `${shop}/orders/42`];
  console.log(`\n$ ostrace ${args.join(' ')}`);
  const said = await run(process.execPath, [ostrace, ...args], { cwd: root, env: environment });
  const [, id] = /^trace (\S+)$/m.exec(said);

  const count = checkTrace(join(store, `${id}.jsonl`), id, {
    mysql: MYSQL_URL !== '',
    redis: REDIS_URL !== '',
    rabbitmq: rabbitmq.AMQP_URL !== undefined,
  });
  console.log(`\nAll ${count} points are there once and below their parents, and their times add up.`);
  const page = join(store, `${id}.html`);
  const show = ['trace', 'show', id, '--html', '--out', page];
  await run(process.execPath, [ostrace, ...show], { cwd: root, env: environment });
  console.log(`Its page is one file, for any browser: ${relative(root, page)}`);
  console.log('Next: npx ostrace ui, which shows this trace and all others in a browser');
});

async function startPostgresql() {
  const url = await serve('PostgreSQL', [fileURLToPath(new URL('postgresql.mjs', import.meta.url))]);
  console.log(`PostgreSQL  ${url} (PGlite)`);
  return url;
}

async function startService(name, file, folder, settings) {
  const args = ['--import', 'ostrace/register', file];
  const env = { ...environment, ...settings, OSTRACE_SERVICE: name };
  const url = await serve(`the service ${name}`, args, { cwd: folder, env });
  console.log(`${name.padEnd(10)}  ${url}  OSTRACE_SERVICE=${name} node ${args.join(' ')}`);
  return url;
}
