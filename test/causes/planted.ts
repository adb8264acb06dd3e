// The applications with a planted cause, and what the first finding must say of each.
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { FindingKind } from '../../src/report/findings/finding.js';
import type { Until } from '../fixtures/databases.js';
import { openProxy } from '../fixtures/proxy.js';
import type { Play, Service, Shop } from './shop.js';

type Planned = Play & { readonly shop?: Shop };

interface PlantedCase {
  /** Several where either is true. */
  readonly kind: FindingKind | readonly FindingKind[];
  readonly says: RegExp;
  readonly play: Planned | ((until: Until, shop: Shop) => Promise<Planned>);
}

/** The causes that need facts which the agent does not record yet. */
export const pending: ReadonlySet<string> = new Set();

const stock = ['services/stock.mjs'];
const order = { path: '/orders/1' };
/** What the agent does by default. */
const unseen = { env: { OSTRACE_TRACE_SQL: 'false', OSTRACE_TRACE_SQL_PARAMS: 'false' } };
/** Loaded before the agent, on a host of its own. */
const fastClock = {
  env: { OSTRACE_HOST: 'second', CLOCK_AHEAD_MS: '3000' },
  nodeArgs: ['--import', './services/fast-clock.mjs'],
};
const slightlyFastClock = { ...fastClock, env: { OSTRACE_HOST: 'second', CLOCK_AHEAD_MS: '200' } };

export const plantedCases: Readonly<Record<string, PlantedCase>> = {
  'N+1 queries in a row': {
    kind: 'repeats',
    says: /^40 × select \* from reviews .* one after the other: .* \(planted\/n-plus-one\.mjs:\d+\)\.$/,
    play: { app: 'planted/n-plus-one.mjs', ...order },
  },
  'N+1 queries in a row, unseen': {
    kind: 'repeats',
    says: /^40 × SELECT .* one after the other/,
    play: { app: 'planted/n-plus-one.mjs', ...order, options: unseen },
  },
  'N+1 queries at once, unseen': {
    kind: 'repeats',
    says: /^40 × SELECT .* at once/,
    play: { app: 'planted/n-plus-one-at-once.mjs', ...order, options: unseen },
  },
  'N+1 queries at once': {
    kind: 'repeats',
    says: /^40 × select \* from reviews .* at once/,
    play: { app: 'planted/n-plus-one-at-once.mjs', ...order },
  },
  'N+1 queries by knex': {
    kind: 'repeats',
    says: /^40 × select \* from "reviews" .* one after the other/,
    play: { app: 'planted/n-plus-one-knex.mjs', ...order },
  },
  'N+1 queries by Drizzle, at once': {
    kind: 'repeats',
    says: /^40 × select .* from "reviews" .* at once/,
    play: { app: 'planted/n-plus-one-drizzle.mjs', ...order },
  },
  'calls one after the other': {
    kind: 'sequential',
    says: /^3 calls of .* did not overlap/,
    play: { app: 'planted/sequential-fetches.mjs', ...order, services: stock },
  },
  'different queries one after the other': {
    kind: 'sequential',
    says: /^3 calls .* did not overlap/,
    play: { app: 'planted/sequential-queries.mjs', path: '/dashboard' },
  },
  'a pool of one': {
    kind: 'pool-wait',
    says: /waited for a connection of the pool/,
    play: { app: 'planted/pool-of-one.mjs', path: '/dashboard' },
  },
  'the only connection, held by another request': {
    kind: 'pool-wait',
    says: /^select \* from orders .* waited for a connection of the pool/,
    play: { app: 'planted/pool-held.mjs', ...order, before: whileIn('/export') },
  },
  'slow to connect': {
    kind: 'connect-wait',
    says: /^Connecting to postgresql at /,
    async play(until, shop) {
      const { port } = await openProxy(until, shop['PGHOST']!, Number(shop['PGPORT']), 400);
      return { app: 'planted/slow-connect.mjs', ...order, warm: 1, shop: { ...shop, PGPORT: String(port) } };
    },
  },
  'one’s turn on a connection': {
    kind: 'turn-wait',
    says: /waited for their turn on one connection/,
    play: { app: 'planted/one-connection.mjs', path: '/dashboard' },
  },
  'one’s turn on a connection, of equal queries unseen': {
    kind: 'turn-wait',
    says: /^SELECT .* waited for their turn on one connection/,
    play: { app: 'planted/one-connection-equal.mjs', path: '/reviews', options: unseen },
  },
  'cryptography in this request': {
    kind: 'blocked',
    says: /this request’s own code .* between select \* from customers .* and insert into logins/,
    play: { app: 'planted/crypto.mjs', path: '/login', method: 'POST' },
  },
  'cryptography in another request, during a call': {
    kind: 'blocked',
    says: /^The event loop was blocked .* while GET .* was waiting for its answer: another request, GET \/report, ran for/,
    async play(until) {
      let app: Service | undefined;
      const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        // The traced request that only warms is made before.
        if (app !== undefined && 'x-trace-info' in request.headers) await whileIn('/report')(app);
        response.end('{}');
      };
      const server = createServer((...args) => void answer(...args)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      until.after(() => server.close().closeAllConnections());
      const behind = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return { app: 'planted/crypto.mjs', ...order, behind, before: (service) => void (app = service) };
    },
  },
  'cryptography in another request, before the handler': {
    kind: 'blocked',
    says: /waited .* before its handler began: .* another request, GET \/report, ran for/,
    play: { app: 'planted/crypto.mjs', ...order, before: whileIn('/report') },
  },
  'garbage collection': {
    kind: 'garbage-collection',
    says: /^Garbage collection took/,
    play: {
      app: 'planted/garbage.mjs',
      path: '/sessions',
      warm: 1,
      options: { nodeArgs: ['--max-semi-space-size=1'] },
    },
  },
  'a slow service two calls away': {
    kind: 'slow-service',
    says: /^stock, 2 calls away, took/,
    play: {
      app: 'planted/gateway.mjs',
      path: '/items/7?ms=1500',
      warmPath: '/items/7',
      services: ['services/stock.mjs', 'services/orders.mjs'],
    },
  },
  'a slow statement two calls away': {
    kind: 'slow-statement',
    says: /^One statement in warehouse took .*: select \* from stock/,
    play: {
      app: 'planted/gateway.mjs',
      path: '/items/7',
      services: ['services/warehouse.mjs', 'services/orders.mjs'],
    },
  },
  'retries with backoff': {
    kind: 'retries',
    says: /^GET .* failed twice \(status 503\) and was tried again: .* between the tries/,
    play: { app: 'planted/retries.mjs', path: '/rates', services: ['services/flaky.mjs'] },
  },
  'a slow statement': {
    kind: 'slow-statement',
    says: /^One statement took .*: select \* from archive/,
    play: { app: 'planted/slow-statement.mjs', path: '/dashboard', warm: 1 },
  },
  'a huge result': {
    kind: 'large-result',
    says: /^select \* from events gave 50000 rows/,
    play: { app: 'planted/huge-result.mjs', path: '/events' },
  },
  'a worker whose start is the cost': {
    kind: 'worker-start',
    says: /^Starting the worker thread .*worker-start-worker\.mjs took/,
    play: { app: 'planted/worker-start.mjs', path: '/price', warm: 1, over: 'the thread has ended' },
  },
  'a slow command': {
    kind: 'slow-command',
    says: /^The command sleep took/,
    play: { app: 'planted/slow-command.mjs', path: '/thumbnail', warm: 1 },
  },
  'an agent with one socket': {
    kind: 'socket-wait',
    says: /waited for a free socket/,
    play: { app: 'planted/one-socket.mjs', path: '/basket', services: stock },
  },
  'a crash in the middle': {
    kind: 'unfinished',
    says: /^GET \/orders\/.* has no end.*the last that it began: select \* from archive/,
    play: { app: 'planted/abort.mjs', ...order, warm: 0 },
  },
  'a service that is killed': {
    kind: 'unfinished',
    says: /in crashing has no end.*the last that it began: select \* from archive/,
    play: {
      app: 'planted/gateway.mjs',
      path: '/crash',
      warmPath: '/ready',
      services: ['services/crashing.mjs'],
    },
  },
  'skewed clocks': {
    kind: 'skew',
    says: /^The clock of second is [23]\.\d+ s ahead of/,
    play: {
      app: 'planted/gateway.mjs',
      path: '/items/7',
      services: [['services/stock.mjs', fastClock]],
    },
  },
  'a slow statement on a host whose clock is wrong': {
    kind: 'slow-statement',
    says: /^One statement in warehouse took (?:8\d\d ms|[1-3]\.\d+ s)/,
    play: {
      app: 'planted/gateway.mjs',
      path: '/items/7',
      services: [['services/warehouse.mjs', slightlyFastClock]],
    },
  },
  // Not named by the issue.
  'N+1 queries of MariaDB': {
    kind: 'repeats',
    says: /^40 × select \* from reviews .* one after the other/,
    play: { app: 'planted/n-plus-one-mysql.mjs', ...order },
  },
  'keys of Redis in a row': {
    kind: 'repeats',
    says: /^400 × .*get.* one after the other/i,
    play: { app: 'planted/redis-loop.mjs', path: '/prices' },
  },
  'a request for each item': {
    kind: 'repeats',
    says: /^12 × GET .* one after the other/,
    play: { app: 'planted/fetch-loop.mjs', path: '/basket', services: stock },
  },
  'the same query again': {
    kind: 'repeats',
    says: /^12 × select value, pg_sleep\(\?\) from settings .* the same query each time/,
    play: { app: 'planted/same-query.mjs', path: '/prices' },
  },
  'a large text that is parsed': {
    kind: ['blocked', 'garbage-collection'],
    says: /this request’s own code/,
    play: { app: 'planted/json-parse.mjs', path: '/catalogue/count' },
  },
  'files that are read synchronously': {
    kind: 'blocked',
    says: /this request’s own code/,
    play: { app: 'planted/sync-files.mjs', path: '/templates' },
  },
  'a lock of another request': {
    kind: 'slow-statement',
    says: /^One statement took .*: update orders/,
    play: { app: 'planted/lock-wait.mjs', ...order, method: 'POST', before: whileIn('/close') },
  },
  'a slow gRPC service': {
    kind: 'slow-service',
    says: /^prices-grpc took/,
    play: {
      app: 'planted/grpc.mjs',
      path: '/?ms=1000',
      warmPath: '/?ms=0',
      services: ['services/prices-grpc.mjs'],
    },
  },
  'a slow DNS': {
    kind: 'connect-wait',
    says: /^Connecting to localhost.* took .*DNS/,
    play: { app: 'planted/slow-dns.mjs', services: stock },
  },
  'a timeout': {
    kind: 'timeout',
    says: /^GET .* timed out after/,
    play: { app: 'planted/timeout.mjs', path: '/orders/1?ms=2000', warmPath: '/orders/1', services: stock },
  },
  'a query that fails': {
    kind: 'error',
    says: /^select \* from notes .* failed/,
    play: { app: 'planted/failing.mjs', ...order },
  },
  'a synchronous command': {
    kind: 'slow-command',
    says: /^The command sleep took/,
    play: { app: 'planted/sync-command.mjs', path: '/version', warm: 1 },
  },
};

/** Has the application begin another request, which is not traced, before each traced one. */
function whileIn(path: string): (app: Service) => Promise<void> {
  return async (app) => {
    const begun = app.says(`GET ${path}`);
    // It ends by itself.
    void fetch(app.url + path).then((answer) => answer.text());
    await begun;
  };
}
