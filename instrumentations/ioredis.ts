// Records Redis by ioredis 5 and 6: a `db` point for each command, including those of pipelines and transactions.
import { resolversOf } from '../src/hooks/calls/ends.js';
import { type DatabaseMethod, type Endpoint, database } from '../src/hooks/targets/database.js';
import { countConnect, untilSent } from '../src/hooks/targets/waits.js';
import { redisStatement } from '../src/redaction/redis.js';

interface Client {
  readonly status?: unknown;
  /** The state of the connection, and that of the connection before it. */
  readonly condition?: Condition | null;
  readonly prevCondition?: Condition | null;
  readonly options?: Options;
  readonly stream?: Stream | null;
  /** The commands that wait until the client is ready. */
  readonly offlineQueue?: { peekBack(): { readonly command?: unknown } | undefined };
}
interface Options {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly path?: unknown;
  readonly sentinels?: unknown;
  readonly db?: unknown;
}
interface Stream {
  readonly writable?: unknown;
  readonly remoteAddress?: unknown;
  readonly remotePort?: unknown;
}
interface Condition {
  readonly select?: unknown;
}
interface Command {
  readonly name?: unknown;
  readonly args?: readonly unknown[];
}

// The commands that a client sends by itself before it is ready, from the connection's events.
const handshake: ReadonlySet<unknown> = new Set([
  'auth',
  'client',
  'cluster',
  'hello',
  'info',
  'readonly',
  'select',
]);

function endpoint({ options = {}, condition, prevCondition, stream }: Client): Endpoint {
  const { db, host, port, path, sentinels } = options;
  const name = prevCondition?.select ?? condition?.select ?? db;
  if (typeof path === 'string') return { name, host: path };
  // Sentinels tell where to connect to.
  return sentinels === undefined || sentinels === null
    ? { name, host, port }
    : { name, host: stream?.remoteAddress, port: stream?.remotePort };
}

const requested = ([command]: [Command | undefined]): object | undefined => command;
const sendCommand: DatabaseMethod = {
  operationOf: ([command]: [Command | undefined], { status }: Client) => {
    const { name, args } = command ?? {};
    if (typeof name !== 'string') return undefined;
    // `call` takes a name as it is written.
    const operation = name.toLowerCase();
    // A cluster asks for its slots anew where an answer shows that they have moved. Sentinels are asked by clients.
    const isOwn =
      (status === 'connect' && handshake.has(operation)) ||
      operation === 'sentinel' ||
      (operation === 'cluster' && args?.[0] === 'SLOTS');
    return isOwn ? undefined : operation;
  },
  sql: ([command]: [Command | undefined]) => redisStatement(String(command?.name), command?.args ?? []),
  // A command passes twice if it has to wait until the client is ready, or if it goes through a cluster.
  requested,
  ends: [resolversOf(0)],
};
// While the client is ready, each command is written at once.
const waits = untilSent({
  isBusy: ({ status, stream }: Client) => status !== 'ready' || stream?.writable !== true,
  isQueued: ({ offlineQueue }: Client, command) => offlineQueue?.peekBack()?.command === command,
  count: () => countConnect,
});
const classOf = (exports: object): unknown => (exports as { default?: unknown }).default;

export const ioredis = database({
  library: 'ioredis',
  system: 'redis',
  files: [
    {
      file: 'ioredis/built/Redis',
      class: classOf,
      endpoint,
      methods: { sendCommand: { ...sendCommand, waits } },
    },
    // It turns out later to which node of a cluster a command goes.
    { file: 'ioredis/built/cluster/index', class: classOf, methods: { sendCommand } },
    // A pipeline sends its commands when it is executed. `enableAutoPipelining` does that for several callers at
    // once.
    { file: 'ioredis/built/Pipeline', class: classOf, asks: { sendCommand: requested } },
  ],
});
