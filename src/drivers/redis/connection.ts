// The connection to a Redis, or to the master that sentinels name.
import { DriverError, protocolReason } from '../driver.js';
import { Intake } from '../intake.js';
import { RedisClient } from './client.js';
import type { Account, Endpoint, RedisSettings } from './url.js';
import { type Command, type Reply, ReplyError } from './resp.js';
import { Reconnecting } from '../reconnecting.js';
import { within } from '../within.js';

const connectLimitMs = 5000;
const answerLimitMs = 20_000;

/** One connection, made when it is needed and again after it broke. */
export interface RedisConnection {
  /** Something is asked for, whose answers may have so many bytes all in all; more breaks the connection. */
  expect(bytes: number): void;
  /**
   * Sends commands in one round trip, with nothing of others between them.
   *
   * @returns each reply; a ReplyError where the server refuses the command
   * @throws DriverError when there is no connection (`isCertain`) or when it breaks
   */
  send(commands: readonly Command[]): Promise<Reply[]>;
  /** Where it leads, for people. */
  label(): string;
  /** Makes the next command connect anew; what was sent is still answered. */
  drop(): void;
  /** For good, also where it is just being made. */
  close(): void;
}

/** Opening does not connect. */
export function openRedisConnection(settings: RedisSettings): RedisConnection {
  let place: Endpoint = settings.hosts[0]!;
  const intake = new Intake();
  const clients = new Reconnecting<RedisClient>({
    async connect() {
      if (settings.service !== undefined) place = await masterOf(settings, settings.service, intake);
      return connect(settings, place, settings.account, settings.database, intake);
    },
    isOpen: (client) => client.isOpen,
    destroy: (client) => client.destroy(),
  });

  return {
    expect: (bytes) => intake.begin(bytes),
    async send(commands) {
      const client = await clients.get();
      try {
        return await within(answerLimitMs, client.send(commands), () => new Error('no answer'));
      } catch (error) {
        client.destroy();
        throw new DriverError(`the connection to ${labelOf(place)} broke: ${reasonOf(error)}`, {
          cause: error,
        });
      }
    },
    label: () => labelOf(place),
    drop: () => clients.drop()?.retire(),
    close: () => clients.close()?.destroy(),
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

async function connect(
  { tls }: RedisSettings,
  place: Endpoint,
  account: Account,
  database: number,
  intake: Intake,
): Promise<RedisClient> {
  try {
    return await RedisClient.connect({
      ...place,
      ...account,
      database,
      tls,
      intake,
      timeoutMs: connectLimitMs,
    });
  } catch (error) {
    if (error instanceof ReplyError) throw refusal(labelOf(place), error);
    throw new DriverError(`${labelOf(place)} cannot be reached: ${reasonOf(error)}`, {
      cause: error,
      isCertain: true,
    });
  }
}

/** Asks one sentinel after the other which server is the master now. */
async function masterOf(settings: RedisSettings, service: string, intake: Intake): Promise<Endpoint> {
  const refusals: string[] = [];
  for (const sentinel of settings.hosts) {
    let client: RedisClient | undefined;
    try {
      client = await connect(settings, sentinel, settings.sentinelAccount, 0, intake);
      const question = client.send([['SENTINEL', 'get-master-addr-by-name', service]]);
      const [answer] = await within(connectLimitMs, question, () => new Error('no answer'));
      if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) };
      refusals.push(
        `${labelOf(sentinel)} knows no master named "${service}"; set sentinel_service_name in the connection string`,
      );
    } catch (error) {
      refusals.push(
        error instanceof DriverError ? error.message : `${labelOf(sentinel)}: ${reasonOf(error)}`,
      );
    } finally {
      client?.destroy();
    }
  }
  throw new DriverError(`no sentinel gave the master's address: ${refusals.join('; ')}`, { isCertain: true });
}

function labelOf({ host, port }: Endpoint): string {
  return `Redis at ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return protocolReason(error) ?? (message || code || String(error));
}
