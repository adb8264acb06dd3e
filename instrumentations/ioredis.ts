// Redis by ioredis 5 and 6: a `db` point for each command, those of pipelines and transactions among them.
import { resolversOf } from '../src/hooks/calls/ends.js';
import { type DatabaseMethod, database } from '../src/hooks/targets/database.js';

interface Client {
  readonly status?: unknown;
  readonly options?: { readonly host?: unknown; readonly port?: unknown; readonly db?: unknown };
}
interface Command {
  readonly name?: unknown;
}

// What a client sends by itself before it is ready, from the connection's events.
const handshake: ReadonlySet<unknown> = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

const requested = ([command]: [Command | undefined]): object | undefined => command;
const sendCommand: DatabaseMethod = {
  operationOf: ([command]: [Command | undefined], { status }: Client) => {
    const name = command?.name;
    const isOwn = status === 'connect' && handshake.has(name);
    return typeof name === 'string' && !isOwn ? name : undefined;
  },
  // A command passes twice where it has to wait until the client is ready, or goes by a cluster.
  requested,
  ends: [resolversOf(0)],
};
const classOf = (exports: object): unknown => (exports as { default?: unknown }).default;

export const ioredis = database({
  library: 'ioredis',
  system: 'redis',
  files: [
    {
      file: 'ioredis/built/Redis',
      class: classOf,
      endpoint: ({ options }: Client) => ({ name: options?.db, host: options?.host, port: options?.port }),
      methods: { sendCommand },
    },
    // Which of its nodes a command goes to is found out later.
    { file: 'ioredis/built/cluster/index', class: classOf, methods: { sendCommand } },
    // A pipeline sends its commands when it is executed; `enableAutoPipelining` does that for several callers at once.
    { file: 'ioredis/built/Pipeline', class: classOf, asks: { sendCommand: requested } },
  ],
});
