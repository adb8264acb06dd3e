// Lets the server of `ostrace ui` listen, and says by which names it may be called.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

import { isLoopback } from '../serve/hosts.js';
import { CommandError } from './command.js';

/** The keys of OSTR on a telephone. */
const defaultPort = 6787;
const portsTried = 20;

/** Reads a port; undefined if none is given. */
export function portFrom(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (/^\d{1,5}$/.test(given) && Number(given) < 65_536) return Number(given);
  throw new CommandError(`--port is "${given}"; expected a number up to 65535, or 0 for any free port`);
}

/** Whether only this machine reaches an address. */
export const isOfThisMachine = (host: string): boolean => isLoopback(inUrl(host));

/** An address as URLs have it. */
const inUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/**
 * Listens at a port, or at the usual one or the next that is free.
 *
 * @returns where it listens
 * @throws CommandError if that is not possible
 */
export async function listen(server: Server, host: string, asked: number | undefined): Promise<AddressInfo> {
  const ports = asked === undefined ? Array.from({ length: portsTried }, (_, i) => defaultPort + i) : [asked];
  for (const [i, port] of ports.entries()) {
    try {
      server.listen({ host, port });
      await once(server, 'listening');
      return server.address() as AddressInfo;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isTaken = code === 'EADDRINUSE';
      if (isTaken && i < ports.length - 1) continue;
      const reason = isTaken ? 'another program listens there' : message;
      throw new CommandError(
        `cannot listen at ${inUrl(host)}:${port}: ${reason}; --port and --host name other places`,
      );
    }
  }
  throw new CommandError('there is no port to listen at');
}

const everyAddress = new Set(['0.0.0.0', '::']);

/** Decides whether a `Host` header names a server that listens at an address. */
export function ownHosts(host: string, { address, port }: AddressInfo): (given: string) => boolean {
  const names = namesOf(host, address).map((name) => inUrl(name).toLowerCase());
  const hosts = new Set(names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
  return (given) => hosts.has(given);
}

function namesOf(host: string, address: string): readonly string[] {
  if (isOfThisMachine(host)) return ['127.0.0.1', 'localhost', '::1', host];
  if (!everyAddress.has(address)) return [host];
  return ['localhost', hostname(), ...addressesOf(address)];
}

/** The places at which a browser reaches the server, as URLs have them. The first is for this machine, if any is. */
export function ownPlaces(host: string, { address, port }: AddressInfo): readonly string[] {
  const hosts = everyAddress.has(address) ? addressesOf(address).filter(isForBrowsers) : [host];
  return hosts.map((each) => `${inUrl(each)}:${port}`);
}

/** All addresses of this machine that a server at `0.0.0.0` or `::` has. */
function addressesOf(every: string): readonly string[] {
  const [first, family] = every === '::' ? ['::1', undefined] : ['127.0.0.1', 'IPv4'];
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter((each) => family === undefined || each.family === family);
  return [...new Set([first, ...own.map(({ address }) => address)])];
}

/** An address of the link alone means nothing without the name of the link, which no URL has. */
const isForBrowsers = (address: string): boolean => !/^fe[89ab]/i.test(address);
