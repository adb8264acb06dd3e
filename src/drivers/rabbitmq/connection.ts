// The connection to a broker, which may be one of several nodes.
import type { Socket } from 'node:net';

import type { ChannelModel } from 'amqplib';

import type { Broker, Node } from './url.js';
import { loadClient } from '../load-peer.js';
import { DriverError } from '../driver.js';
import { Intake } from '../intake.js';
import { Reconnecting } from '../reconnecting.js';
import { endedWithin } from '../within.js';

/** For each node: the TCP connection, TLS and the handshake. */
const connectTimeoutMs = 5000;
const closeTimeoutMs = 500;

/** The one connection to a broker: made when it is needed, and anew after it was lost. */
export interface Connection {
  /**
   * @throws DriverError, which is certain, when no node can be reached
   */
  get(): Promise<ChannelModel>;
  /** Something is asked for, whose answers may have so many bytes all in all; more breaks the connection. */
  expect(bytes: number): void;
  /** Why the broker takes nothing now, in its own words, as it has told. */
  blockedBy(): string | undefined;
  /** Ends it, and the next call connects anew; what was not confirmed may be lost. */
  drop(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

/** @param scheme of the connection string, for people */
export function createConnection(broker: Broker, scheme: string): Connection {
  let blocked: string | undefined;
  const intake = new Intake();
  const lost = new WeakSet<ChannelModel>();
  const models = new Reconnecting<ChannelModel>({
    connect,
    isOpen: (model) => !lost.has(model),
    destroy,
  });

  async function connect(): Promise<ChannelModel> {
    const { connect: open } = loadClient<typeof import('amqplib')>('amqplib', scheme);
    const failures: string[] = [];
    for (const node of broker.nodes) {
      try {
        return watch(await open(options(broker, node), { ...broker.tls, ...socketOptions }));
      } catch (error) {
        failures.push(`${nameOf(node)}: ${handshakeReason(error, broker)}`);
      }
    }
    throw new DriverError(`cannot connect to RabbitMQ at ${failures.join('; ')}`, { isCertain: true });
  }

  function watch(model: ChannelModel): ChannelModel {
    intake.watch(streamOf(model));
    blocked = undefined;
    model.on('blocked', (reason) => (blocked = reason));
    model.on('unblocked', () => (blocked = undefined));
    // Without a listener it would end the thread. `close` follows.
    model.on('error', () => {});
    model.on('close', () => {
      // Where a broker talks nonsense, amqplib only stops to read.
      streamOf(model).destroySoon();
      lost.add(model);
    });
    return model;
  }

  return {
    get: () => models.get(),
    expect: (bytes) => intake.begin(bytes),
    blockedBy: () => blocked,
    drop: () => end(models.drop()),
    close: () => end(models.close()),
  };
}

/** In order, as far as the broker takes part in that. */
async function end(model: ChannelModel | undefined): Promise<void> {
  if (model === undefined) return;
  await endedWithin(closeTimeoutMs, model.close());
  destroy(model);
}

/** By an error, or amqplib would not stop its heartbeat. */
function destroy(model: ChannelModel): void {
  streamOf(model).destroy(new Error('closed'));
}

function streamOf(model: ChannelModel): Socket {
  return (model.connection as unknown as { readonly stream: Socket }).stream;
}

const socketOptions = { timeout: connectTimeoutMs, noDelay: true, keepAlive: true };

function options(broker: Broker, node: Node): import('amqplib').Options.Connect {
  return { ...node, vhost: encodeURIComponent(broker.vhost), protocol: broker.tls ? 'amqps' : 'amqp' };
}

function handshakeReason(error: unknown, { vhost }: Broker): string {
  // What amqplib says where the virtual host can't be opened.
  const isClosed =
    error instanceof Error && error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose');
  return isClosed ? `the virtual host ${vhost} is not there, or not open to this user` : reasonOf(error);
}

/** A node as it may be shown. */
export function nameOf({ hostname, port }: Node): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start it, or correct the address',
  ENOTFOUND: 'there is no host of that name',
  ECONNRESET: 'it closed the connection; is it RabbitMQ, and TLS used on both sides or on none?',
};

/** What went wrong, in words; the error of a name with several addresses has no message. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  if (message === 'connect ETIMEDOUT') return `no answer within ${connectTimeoutMs / 1000} seconds`;
  return (typeof code === 'string' ? advice[code] : undefined) ?? (message || String(code ?? error));
}
