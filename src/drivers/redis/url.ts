// Reads connection strings for Redis.
import type { ConnectionOptions } from 'node:tls';

import { decoded } from '../decoded.js';
import { DriverError } from '../driver.js';
import { tlsFiles } from '../tls-files.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Account {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** What a connection string for Redis says. */
export interface RedisSettings {
  /** The server, or the sentinels in the order to ask them. */
  readonly hosts: readonly Endpoint[];
  readonly account: Account;
  readonly database: number;
  /** Undefined for a connection without encryption. */
  readonly tls: ConnectionOptions | undefined;
  /** The service that sentinels are asked for; undefined where there are none. */
  readonly service: string | undefined;
  readonly sentinelAccount: Account;
}

const form = /^(rediss?|redissentinel):\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/is;
const usualPort = 6379;
const usualSentinelPort = 26_379;

/**
 * Reads `redis[s]://[user:password@]host[:port][/database]` with the parameters of Python's redis, and
 * `redissentinel://` with several hosts, separated by commas.
 *
 * @throws DriverError without the connection string, which may hold a password
 */
export function parseRedisUrl(connectionString: string): RedisSettings {
  const [, givenScheme, user, hosts, path = '', query] = form.exec(connectionString) ?? [];
  const scheme = givenScheme?.toLowerCase();
  if (scheme === undefined || hosts === undefined) {
    throw wrong('it has no host; expected redis://[user:password@]host[:port][/database]');
  }
  const parameters = new URLSearchParams(query);
  const isSentinel = scheme === 'redissentinel';
  const port = isSentinel ? usualSentinelPort : usualPort;
  const isCut = `${path}${query}`.includes('@');
  const endpoints = hosts.split(',').map((host) => endpoint(host, port, isCut));
  if (endpoints.length > 1 && !isSentinel) throw wrong(`${scheme}:// takes one host`);
  const database = path === '' ? (parameters.get('db') ?? '0') : path;
  if (!/^\d{1,9}$/.test(database)) throw wrong('its database is not a number');
  return {
    hosts: endpoints,
    account: accountOf(user, parameters),
    database: Number(database),
    tls: scheme === 'rediss' ? tlsOptions(parameters) : undefined,
    service: isSentinel ? (parameters.get('sentinel_service_name') ?? 'mymaster') : undefined,
    sentinelAccount: {
      username: parameters.get('sentinel_username') || undefined,
      password: parameters.get('sentinel_password') || undefined,
    },
  };
}

/** @param isCut whether what seems to be a host may be the beginning of a password */
function endpoint(text: string, usual: number, isCut: boolean): Endpoint {
  const [, six, name, port] = /^(?:\[([\da-f:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/i.exec(text.trim()) ?? [];
  if (six === undefined && name === undefined) {
    throw wrong(
      isCut
        ? 'a "/" or "?" in its user or password ends them; write %2F or %3F for it'
        : // The placeholder of a page, or a user and a password without a host.
          `"${text.replace(/:(?!port$).*/s, ':***')}" is not host:port`,
    );
  }
  return { host: six ?? (name || '127.0.0.1'), port: Number(port ?? usual) };
}

function accountOf(user: string | undefined, parameters: URLSearchParams): Account {
  const colon = user?.indexOf(':') ?? -1;
  // Python's redis takes what stands there without a colon for the user.
  const name = colon < 0 ? user : user?.slice(0, colon);
  const password = colon < 0 ? undefined : user?.slice(colon + 1);
  return {
    username: (name && decoded(name, notEncoded)) || parameters.get('username') || undefined,
    password: (password && decoded(password, notEncoded)) || parameters.get('password') || undefined,
  };
}

function notEncoded(): DriverError {
  return wrong('a % in its user or password starts no percent-encoding; write %25 for it');
}

/** The parameters have the names that Python's redis gives them. */
function tlsOptions(parameters: URLSearchParams): ConnectionOptions {
  return {
    rejectUnauthorized: parameters.get('ssl_cert_reqs') !== 'none',
    ...tlsFiles(parameters, { ca: ['ssl_ca_certs'], cert: ['ssl_certfile'], key: ['ssl_keyfile'] }),
  };
}

function wrong(what: string): DriverError {
  return new DriverError(`the connection string for Redis cannot be used: ${what}`, { isCertain: true });
}
