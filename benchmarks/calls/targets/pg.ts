// A query of pg, whose connection is not real: it is answered when the benchmark says so, so only the client and the
// agent are measured.
import { EventEmitter } from 'node:events';

import { Client } from 'pg';

import { type Kind, noop } from '../kind.js';

const statement = 'SELECT sku, quantity, price FROM order_lines WHERE order_id = 42';

/** A client of pg; `answer` is what the server says to its query. */
function openPg(): { readonly client: Client; answer(): void } {
  const nothing = (): void => {};
  const connection = Object.assign(new EventEmitter(), {
    connect: nothing,
    query: nothing,
    ref: nothing,
    unref: nothing,
    parsedStatements: {},
    submittedNamedStatements: {},
  });
  const config = { host: 'db.shop', database: 'shop', connection } as ConstructorParameters<typeof Client>[0];
  const client = new Client(config);
  client.connect(nothing);
  connection.emit('readyForQuery', {});
  return {
    client,
    answer() {
      connection.emit('commandComplete', { text: 'SELECT 1' });
      connection.emit('readyForQuery', {});
    },
  };
}

export const pg: Kind = {
  name: 'pg: a query',
  count: 500,
  points: 1,
  async open() {
    const { client, answer } = openPg();
    return ({ count }) =>
      () => {
        for (let i = 0; i < count; i++) {
          client.query(statement, noop);
          answer();
        }
      };
  },
};
