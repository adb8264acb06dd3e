// What a subscriber of a library's TracingChannel costs calls that are not traced, beside ostrace's wrapper: the reason
// why channels are subscribed to while a trace is live alone. Run by hand: `node benchmarks/channels/run.mjs`, with
// `npm run build` before it, MariaDB at MYSQL_HOST and Redis at REDIS_URL. Prints nanoseconds of CPU for each call, the
// median of rounds in which the variants take turns.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const rounds = 41;
const calls = 4000;
const variants = {
  'no agent': {},
  'no agent, once more': {},
  subscriber: {},
  'ostrace, idle': { OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: 'key' },
};

for (const library of ['mysql2', 'ioredis']) {
  const children = await Promise.all(
    Object.entries(variants).map(async ([variant, env]) => {
      const execArgv = variant.startsWith('ostrace') ? ['--require', file('../../dist/register.js')] : [];
      const child = fork(file('app.cjs'), [library, variant], { execArgv, env: { ...process.env, ...env } });
      await once(child, 'message');
      return { variant, child, costs: [] };
    }),
  );
  for (let round = 0; round < rounds; round++) {
    for (const { child, costs } of children) {
      child.send(calls);
      const [cost] = await once(child, 'message');
      // The first rounds are the compiler's.
      if (round >= 10) costs.push(cost);
    }
  }
  for (const { variant, child, costs } of children) {
    const median = costs.toSorted((a, b) => a - b)[costs.length >> 1];
    console.log(`${library}  ${variant.padEnd(20)} ${Math.round(median)} ns`);
    child.send(0);
  }
}
