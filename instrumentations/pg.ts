// Records PostgreSQL by pg 8: `db` points for the calls of clients, `sql` points below them.
import { callbackIn, lastCallback, promiseOf } from '../src/hooks/calls/ends.js';
import { observeAfter } from '../src/hooks/calls/method.js';
import { read } from '../src/hooks/guard.js';
import { database } from '../src/hooks/targets/database.js';
import { isCheckingOut, openingUntil, takeTurn, turnOn } from '../src/hooks/targets/waits.js';
import { type PgQuery, noteParameters, textOf } from './pg-pool.js';
import { isCursor, submittable } from './pg-queries.js';
import { active, isBusy, queue } from './pg-queue.js';
import { rows } from './pg-rows.js';

// Both are in one part of the bundle, because a pool's call and its client's call know of each other.
export { pgPool } from './pg-pool.js';

/** The properties of pg that are used. Its types are not ours to ship. */
interface Client {
  _pulseQueryQueue: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
}
export const pg = database({
  library: 'pg',
  system: 'postgresql',
  // Errors that name tables, columns, functions, constraints and users.
  harmlessErrors:
    '42P01 42P02 42P07 42501 42701 42702 42704 42883 23502 23503 23505 23514 28000 28P01 3D000 3F000',
  files: [
    {
      file: 'pg/lib/client',
      endpoint: ({ database: name, host, port }: Client) => ({ name, host, port }),
      methods: {
        query: {
          text: textOf,
          sql: ([query, values]: [string | PgQuery, unknown]) => {
            const given = typeof query === 'object' ? query : undefined;
            const params = Array.isArray(values)
              ? values
              : read(() => given?.values ?? given?.cursor?.values);
            return {
              text: textOf([query]),
              params: Array.isArray(params) ? params : undefined,
            };
          },
          operationOf: ([query]: [unknown]) => (isCursor(query) ? 'cursor' : 'query'),
          rows,
          ends: [submittable, callbackIn('callback'), lastCallback, promiseOf('_Promise')],
          waits: turnOn(queue),
          // A class that the application derived from this one does not borrow. Neither does a query that has to
          // wait, because a pool's query that waits is watched.
          borrows: (self, owner) => Object.getPrototypeOf(self) === owner && !isBusy(self),
        },
        connect: {
          ends: [lastCallback, promiseOf('_Promise')],
          checkout: true,
          waits: openingUntil('connect'),
          // The options may contain functions that give the password and the stream.
          callsOut: () => true,
          isPart: () => isCheckingOut('pg'),
        },
        end: { ends: [lastCallback], point: false },
      },
      also(prototype, load) {
        noteParameters(prototype, load('lib/connection-parameters'));
        // This is called after each answer. A pipelined query was sent before, and runs when the earlier ones are
        // answered.
        observeAfter(prototype as Client, '_pulseQueryQueue', 'the turns of pg', (client) =>
          takeTurn(active(client as object), client),
        );
      },
    },
  ],
});
