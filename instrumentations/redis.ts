// Records Redis by node-redis 4 to 6: a `db` point for each command, including those of pipelines and transactions.
//
// All commands of a client pass one queue, as entries that hold the functions that settle the command's promise. The
// queue knows neither its client nor who asks it: the handshake and the library's own `PING` pass there too. So the
// methods by which an application uses a client are noted while they run.
import { resolversOf } from '../src/hooks/calls/ends.js';
import { observeAfter } from '../src/hooks/calls/method.js';
import { noteMade, noteRunningIn, running } from '../src/hooks/calls/running.js';
import { releaseTasks, taskAt } from '../src/hooks/calls/tasks.js';
import {
  type DatabaseFile,
  type DatabaseMethod,
  type Endpoint,
  type Statement,
  database,
} from '../src/hooks/targets/database.js';
import type { Count } from '../src/hooks/targets/waiting.js';
import { type Waits, checkoutFrom, countConnect, takeTurn, untilSent } from '../src/hooks/targets/waits.js';
import { redisStatement } from '../src/redaction/redis.js';
import { createStamp } from '../src/trace/stamp.js';
import { versionsOf } from './targets.js';

interface Options {
  readonly socket?: { readonly host?: unknown; readonly port?: unknown; readonly path?: unknown };
  readonly database?: unknown;
}
interface Client {
  /** The client that an object with options of its own stands for, since 5. */
  readonly _self?: Client;
  readonly isReady?: unknown;
  /** The number of the client's connection, as far as its version counts them. */
  readonly socketEpoch?: unknown;
  readonly options?: Options;
}
/** A pool, or an object that stands for it with options of its own. */
interface Pool {
  readonly _self?: object;
  readonly idleClients?: unknown;
}
interface Pools {
  create: unknown;
}
/** A command in the queue. */
interface Entry {
  readonly args?: readonly unknown[];
  readonly resolve?: unknown;
}
interface Node {
  readonly value: Entry;
}
interface List {
  push: unknown;
  shift: unknown;
}
interface Lists {
  readonly SinglyLinkedList: { readonly prototype: List };
  readonly DoublyLinkedList: { readonly prototype: List };
}

/** The clients of queues that were used while something was live. */
const clients = createStamp<Client>();

function clientOf(queue: object): Client | undefined {
  const client: Client | undefined = running();
  if (client === undefined) return clients.of(queue);
  const { _self: own = client } = client;
  clients.put(queue, own);
  return own;
}

const endpoints = createStamp<Endpoint>();

function endpoint(queue: object): Endpoint {
  const client = clientOf(queue);
  if (client === undefined) return {};
  let known = endpoints.of(client);
  if (known === undefined) endpoints.put(client, (known = endpointIn(client.options)));
  return known;
}

function endpointIn({ socket, database: name = 0 }: Options = {}): Endpoint {
  const { path, host = path ?? 'localhost', port = path === undefined ? 6379 : undefined } = socket ?? {};
  return { name, host, port };
}

/** The command's name; undefined if it is none, which the client refuses when it sends it. */
const nameIn = ({ args: [name] = [] }: Entry): string | undefined =>
  name instanceof Uint8Array ? Buffer.from(name).toString() : typeof name === 'string' ? name : undefined;

function operationOf(entry: Entry): string | undefined {
  const operation = nameIn(entry)?.toLowerCase();
  // A cluster asks for its slots anew where an answer shows that they have moved. Sentinels are asked by clients.
  const isOwn = operation === 'sentinel' || (operation === 'cluster' && entry.args?.[1] === 'SLOTS');
  return isOwn ? undefined : operation;
}

const statementOf = (entry: Entry): Statement => redisStatement(nameIn(entry) ?? '', entry.args ?? [], 1);

const queued = {
  operationOf: ([entry]: [Entry]) => (running() === undefined ? undefined : operationOf(entry)),
  sql: ([entry]: [Entry]) => statementOf(entry),
  ends: [resolversOf(0)],
  borrows: () => true,
} satisfies DatabaseMethod;

/** Counts the wait of a command that its client sends in the next turn of the event loop, or when the socket drains. */
function countTurnOf(client: Client): Count | undefined {
  const { socketEpoch } = client;
  if (socketEpoch === undefined) return undefined;
  return (its, fromMs, untilMs) => {
    // If the connection was lost meanwhile, the command has waited for another one as well.
    if (client.socketEpoch === socketEpoch) its.turnMs += untilMs - fromMs;
  };
}

const waits = untilSent({
  isBusy: () => true,
  isQueued: () => true,
  count(queue) {
    const client = clientOf(queue);
    if (client === undefined) return undefined;
    return client.isReady === true ? countTurnOf(client) : countConnect;
  },
});

const subscribing = ['SUBSCRIBE', 'UNSUBSCRIBE', 'PSUBSCRIBE', 'PUNSUBSCRIBE', 'SSUBSCRIBE', 'SUNSUBSCRIBE'];
// 4 writes a command at once, unless the client is not ready yet. What is written is another entry, which settles the
// same promise.
const waitsOf4 = untilSent({
  isBusy: (queue) => clientOf(queue)?.isReady !== true,
  isQueued: () => true,
  sentAs: (node) => (node as Node).value.resolve as object | undefined,
  count: () => countConnect,
});
const written: Waits = {
  isBusy: () => false,
  around(call) {
    takeTurn((call.args[0] as Entry).resolve, call.self);
    return call.proceed();
  },
};

/** The options of the clients that a pool makes. */
const optionsOf = createStamp<Options>();
const isAtOnce = ({ idleClients }: Pool): boolean => Number(idleClients) > 0;
const given = ['sendCommand', 'executeFunction', 'executeScript'];
const classOf = (exports: object): unknown => (exports as { default?: unknown }).default;
const lib = '@redis/client/dist/lib';

const [v4, since5] = versionsOf('@redis/client');

export const redis = database({
  library: 'redis',
  system: 'redis',
  files: [
    {
      file: `${lib}/client/index`,
      versions: since5,
      class: classOf,
      runs: ['sendCommand', '_executePipeline', '_executeMulti', 'QUIT', 'MONITOR', ...subscribing],
      // A connection outlives its caller, as do the timers that are set when it is ready.
      outside: { connect: true },
    },
    {
      file: `${lib}/client/linked-list`,
      versions: since5,
      class: (exports) => (exports as Lists).DoublyLinkedList,
      endpoint,
      methods: { add: { ...queued, waits } },
      also(prototype, load) {
        const { SinglyLinkedList, DoublyLinkedList } = load('dist/lib/client/linked-list') as Lists;
        // A command that is written goes into the list of those that wait for their answers.
        observeAfter(SinglyLinkedList.prototype, 'push', 'the turns of redis', (list, { 0: entry }) =>
          takeTurn(entry, list),
        );
        for (const { prototype: list } of [SinglyLinkedList, DoublyLinkedList])
          releaseTasks(list, 'shift', 'fn');
      },
    },
    {
      file: `${lib}/client/pool`,
      versions: since5,
      class: (exports) => (exports as { RedisClientPool?: unknown }).RedisClientPool,
      endpoint: ({ _self }: Pool) => {
        const options = optionsOf.of(_self);
        return options === undefined ? {} : endpointIn(options);
      },
      methods: {
        // A pool calls waiting tasks from the request that has returned a client.
        execute: {
          operationOf: (_args, pool) => (isAtOnce(pool) ? undefined : 'connect'),
          ends: [taskAt(0)],
          checkout: true,
          waits: checkoutFrom({ isAtOnce }),
        },
      },
      also: ({ constructor }) =>
        noteMade(constructor as unknown as Pools, 'create', (pool, [options]) =>
          optionsOf.put((pool as Required<Pool>)._self, Object(options) as Options),
        ),
    },
    {
      file: `${lib}/client/index`,
      versions: v4,
      class: classOf,
      runs: ['commandsExecutor', 'multiExecutor', 'SELECT', 'QUIT', ...given, ...subscribing],
      outside: { connect: true },
    },
    {
      // The methods of the commands call a function that is taken out of the client's class before it can be hooked.
      file: `${lib}/commander`,
      versions: v4,
      class: (exports) => ({ prototype: exports }),
      also: (commander) =>
        noteRunningIn(commander as { attachCommands: unknown }, 'attachCommands', 'executor'),
    },
    {
      file: `${lib}/client/commands-queue`,
      versions: v4,
      class: (_exports, need) => need('yallist'),
      endpoint,
      methods: {
        pushNode: {
          ...queued,
          operationOf: ([node]) => {
            const operation = operationOf((node as Node).value);
            // A client asks in intervals whether the server still answers. Scripts are sent again from no noted method.
            return operation === 'ping' && running() === undefined ? undefined : operation;
          },
          sql: ([node]) => statementOf((node as Node).value),
          ends: [resolversOf(0, 'value')],
          waits: waitsOf4,
        },
        // Subscriptions, and commands without their arguments that wait for their answers.
        push: { ...queued, waits: written },
      },
    },
    ...['cluster', 'sentinel'].map((kind): DatabaseFile => ({
      file: `${lib}/${kind}/index`,
      class: classOf,
      outside: { connect: true },
    })),
  ],
});
