import { isIP } from 'node:net';

import { loadClient } from './client.js';
import { DriverError } from './driver.js';
import type { Account, Endpoint, RedisSettings } from './redis-url.js';
import { within } from './within.js';

type Library = typeof import('@redis/client');
type Client = ReturnType<typeof clientOf>;
export type Command = readonly string[];

const connectLimitMs = 5000;
const answerLimitMs = 20_000;

/** One connection, made when it is needed and again after it broke. */
export interface RedisConnection {
  /**
   * Sends commands in one round trip, with nothing of others between them.
   *
   * @returns each reply; an Error where the server refuses the command
   * @throws DriverError when there is no connection (`isCertain`) or when it breaks
   */
  send(commands: readonly Command[]): Promise<unknown[]>;
  /** Where it leads, for people. */
  label(): string;
  /** Makes the next command connect anew. */
  drop(): void;
  /** For good, also where it is just being made. */
  close(): void;
}

/** Opening does not connect. */
export function openRedisConnection(settings: RedisSettings): RedisConnection {
  let client: Client | undefined;
  let connecting: Promise<Client> | undefined;
  let place: Endpoint = settings.hosts[0]!;
  let isClosed = false;

  const drop = (): void => {
    client?.destroy();
    client = undefined;
  };
  const connectAnew = async (library: Library): Promise<Client> => {
    drop();
    if (settings.service !== undefined) place = await masterOf(library, settings, settings.service);
    const made = await connect(library, settings, place, settings.account, settings.database);
    if (isClosed) made.destroy();
    else client = made;
    return made;
  };
  // Of calls at the same time, one connects.
  const connected = async (library: Library): Promise<Client> => {
    if (client?.isReady) return client;
    connecting ??= connectAnew(library).finally(() => (connecting = undefined));
    return connecting;
  };

  return {
    async send(commands) {
      const library = loadClient<Library>('@redis/client', settings.scheme);
      const open = await connected(library);
      try {
        return await within(answerLimitMs, exchange(library, open, commands), () => new Error('no answer'));
      } catch (error) {
        drop();
        throw new DriverError(`the connection to ${labelOf(place)} broke: ${reasonOf(error)}`, {
          cause: error,
        });
      }
    },
    label: () => labelOf(place),
    drop,
    close() {
      isClosed = true;
      drop();
    },
  };
}

/** What a server's refusal means for people. */
export function refusal(label: string, error: Error): DriverError {
  const [code = ''] = error.message.split(' ', 1);
  const meaning = meanings[/\bAUTH\b|invalid password/.test(error.message) ? 'WRONGPASS' : code];
  return new DriverError(`${label} ${meaning ?? `answered: ${error.message}`}`, {
    cause: error,
    isCertain: true,
  });
}

const meanings: Readonly<Record<string, string>> = {
  OOM: 'has no memory left for more (maxmemory): remove traces, give it more, or set OSTRACE_KEEP_FOR so that it forgets old ones',
  READONLY: 'is a replica, which takes no events: name its master, or sentinels with redissentinel://',
  NOAUTH: 'wants a password: put it before the host in the connection string, as in redis://:password@host',
  WRONGPASS: 'refuses the user or the password that the connection string has',
  LOADING: 'is still loading its data',
  MISCONF: 'takes no events because it cannot save to disk; its log says why',
  MASTERDOWN: 'is a replica that has lost its master',
};

/** Commands of one turn are sent in one piece. */
async function exchange(library: Library, client: Client, commands: readonly Command[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(commands.map((command) => client.sendCommand([...command])));
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value;
    if (outcome.reason instanceof library.ErrorReply) return outcome.reason;
    throw outcome.reason;
  });
}

async function connect(
  library: Library,
  { tls }: RedisSettings,
  { host, port }: Endpoint,
  { username, password }: Account,
  database: number,
): Promise<Client> {
  const place = { host, port, connectTimeout: connectLimitMs, reconnectStrategy: false } as const;
  const client = clientOf(library, {
    socket:
      tls === undefined
        ? place
        : { ...place, ...tls, tls: true, ...(isIP(host) === 0 && { servername: host }) },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
  });
  try {
    await within(connectLimitMs, client.connect(), () => new Error('no answer'));
    return client;
  } catch (error) {
    client.destroy();
    if (error instanceof library.ErrorReply) throw refusal(labelOf({ host, port }), error);
    throw new DriverError(`${labelOf({ host, port })} cannot be reached: ${reasonOf(error)}`, {
      cause: error,
      isCertain: true,
    });
  }
}

function clientOf(library: Library, options: NonNullable<Parameters<Library['createClient']>[0]>) {
  const client = library.createClient({
    ...options,
    // The third version needs Redis 6, and there is nothing in it that is needed here.
    RESP: 2,
    name: 'ostrace',
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // A batch has a limit of its own. One for each command, as the client has it by default, costs a tenth of
    // what storing costs.
    commandOptions: { timeout: 0 },
  });
  if (typeof (client as Partial<typeof client>).destroy !== 'function') {
    throw new DriverError('Redis needs @redis/client 5 or newer, and an older one is installed', {
      isCertain: true,
    });
  }
  // A connection that breaks shows in the command that needs it.
  client.on('error', () => {});
  return client;
}

/** Asks one sentinel after the other which server is the master now. */
async function masterOf(library: Library, settings: RedisSettings, service: string): Promise<Endpoint> {
  const refusals: string[] = [];
  for (const sentinel of settings.hosts) {
    let client: Client | undefined;
    try {
      client = await connect(library, settings, sentinel, settings.sentinelAccount, 0);
      const question = client.sendCommand(['SENTINEL', 'get-master-addr-by-name', service]);
      const answer = await within(connectLimitMs, question, () => new Error('no answer'));
      if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) };
      refusals.push(`${labelOf(sentinel)} knows no service "${service}"; sentinel_service_name names it`);
    } catch (error) {
      refusals.push(
        error instanceof DriverError ? error.message : `${labelOf(sentinel)}: ${reasonOf(error)}`,
      );
    } finally {
      client?.destroy();
    }
  }
  throw new DriverError(`no sentinel tells the master: ${refusals.join('; ')}`, { isCertain: true });
}

function labelOf({ host, port }: Endpoint): string {
  return `Redis at ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
