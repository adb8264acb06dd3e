// The applications without a cause, and what may be said of them all the same.
import type { FindingKind } from '../../src/report/findings/finding.js';
import { type Play, slowBody } from './shop.js';

interface CleanCase extends Play {
  /** The findings that are true of it and blame nothing. */
  readonly may?: readonly FindingKind[];
}

const stock = ['services/stock.mjs'];

/** What the agent does by default: it tells equal statements apart from others, and nothing more of them. */
const unseen = { env: { OSTRACE_TRACE_SQL: 'false', OSTRACE_TRACE_SQL_PARAMS: 'false' } };

export const cleanCases: Readonly<Record<string, CleanCase>> = {
  'a page of twelve quick queries': { app: 'clean/page.mjs', path: '/orders/1' },
  'a cursor': { app: 'clean/cursor.mjs', path: '/events' },
  'a cursor of SQL': { app: 'clean/fetch-cursor.mjs', path: '/events' },
  'a dependent transaction': { app: 'clean/transaction.mjs', path: '/orders/2/pay', method: 'POST' },
  'a prepared statement, run four times': { app: 'clean/prepared.mjs', path: '/logins', method: 'POST' },
  'a good fan-out': { app: 'clean/fan-out.mjs', path: '/basket', services: stock },
  'server-sent events': { app: 'clean/sse.mjs' },
  'an upload': { app: 'clean/upload.mjs', path: '/upload', method: 'POST', body: slowBody, may: ['gap'] },
  'a deliberate timer': { app: 'clean/timer.mjs', path: '/login', method: 'POST', may: ['gap'] },
  'a migration': { app: 'clean/migration.mjs', path: '/tenants', method: 'POST' },
  'one bulk insert': { app: 'clean/bulk-insert.mjs', path: '/import', method: 'POST' },
  'pages by key': { app: 'clean/pagination.mjs', path: '/export' },
  'pages by offset': { app: 'clean/offset-pages.mjs', path: '/export' },
  'a cache hit': { app: 'clean/cache-hit.mjs', path: '/orders/1' },
  'Express says hello': { app: 'clean/hello-express.mjs' },
  'Koa says hello': { app: 'clean/hello-koa.mjs' },
  'Fastify says hello': { app: 'clean/hello-fastify.mjs' },
  'Node says hello': { app: 'clean/hello-node.mjs' },
  'a page, its statements unseen': { app: 'clean/page.mjs', path: '/orders/1', options: unseen },
  'a cursor of SQL, unseen': { app: 'clean/fetch-cursor.mjs', path: '/events', options: unseen },
  'a transaction, unseen': {
    app: 'clean/transaction.mjs',
    path: '/orders/2/pay',
    method: 'POST',
    options: unseen,
  },
  'a migration, unseen': { app: 'clean/migration.mjs', path: '/tenants', method: 'POST', options: unseen },
  'pages by key, unseen': { app: 'clean/pagination.mjs', path: '/export', options: unseen },
  'pages by offset, unseen': { app: 'clean/offset-pages.mjs', path: '/export', options: unseen },
  // Not named by the issue.
  'a pipeline of Redis': { app: 'clean/pipeline.mjs', path: '/prices' },
  'a stream of rows': { app: 'clean/row-stream.mjs', path: '/export' },
  'different queries at once': { app: 'clean/dashboard.mjs', path: '/dashboard', may: ['slow-statement'] },
  'a page of MariaDB': { app: 'clean/mysql-page.mjs', path: '/orders/1' },
  'calls that need each other': {
    app: 'clean/dependent-calls.mjs',
    path: '/orders',
    method: 'POST',
    services: stock,
  },
  'a long poll': { app: 'clean/long-poll.mjs', path: '/news', may: ['gap'] },
  'messages to a queue': { app: 'clean/queue.mjs', path: '/mails', method: 'POST' },
};
