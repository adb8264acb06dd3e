// A client of Redis's, of the few things that are needed of one: CONTRIBUTING.md says why it is our own.
import { type Socket, connect as connectPlain, isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type { Intake } from '../intake.js';
import type { Account, Endpoint } from './url.js';
import { type Command, type Reply, ReplyError, ReplyReader, encodeCommands } from './resp.js';
import { within } from '../within.js';

/** How often the system asks whether the other side is still there, where nothing is sent. */
const keepAliveMs = 5000;

export interface RedisClientOptions extends Endpoint, Account {
  readonly database: number;
  /** Undefined for a connection without encryption. */
  readonly tls: ConnectionOptions | undefined;
  readonly intake: Intake;
  /** For the connection and the greeting together. */
  readonly timeoutMs: number;
}

/** How a server answers who may not give a connection a name, and one that knows no names. */
const mayNotName = /^NOPERM|unknown (?:sub)?command/i;

/** Commands that were sent together, and as many of their replies as have come. */
interface Exchange {
  readonly replies: Reply[];
  readonly length: number;
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
}

/** One connection; when it breaks, it stays so. */
export class RedisClient {
  readonly #socket: Socket;
  /** In the order in which they were sent. */
  readonly #exchanges: Exchange[] = [];
  #broken: Error | undefined;
  #isRetired = false;
  /** The first one. */
  #refusal: ReplyError | undefined;

  /**
   * Connects, says who it is, and picks the database.
   *
   * @throws ReplyError when the server refuses the account or the database
   * @throws Error when there is no connection in time
   */
  static async connect(options: RedisClientOptions): Promise<RedisClient> {
    const socket = openSocket(options);
    options.intake.watch(socket);
    const client = new RedisClient(socket);
    try {
      await within(options.timeoutMs, client.#greet(options), () => new Error('no answer'));
      return client;
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new ReplyReader((reply) => this.#take(reply));
    socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
    socket.on('data', (piece) => {
      try {
        reader.push(piece);
      } catch (error) {
        this.#break(error as Error);
      }
    });
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('the server closed it')));
  }

  /** Whether commands may be sent. */
  get isOpen(): boolean {
    return this.#broken === undefined && !this.#isRetired;
  }

  /**
   * Sends commands in one piece.
   *
   * @returns each reply, a ReplyError where the server refuses the command
   * @throws Error when the connection breaks before all have come
   */
  send(commands: readonly Command[]): Promise<Reply[]> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
      } else if (commands.length === 0) {
        resolve([]);
      } else {
        this.#exchanges.push({ replies: [], length: commands.length, resolve, reject });
        for (const text of encodeCommands(commands)) this.#socket.write(text);
      }
    });
  }

  /** Closes it as soon as what was sent is answered. */
  retire(): void {
    this.#isRetired = true;
    if (this.#exchanges.length === 0) this.destroy();
  }

  destroy(): void {
    this.#break(new Error('it was closed'));
  }

  async #greet({ username, password, database }: RedisClientOptions): Promise<void> {
    const commands: Command[] = [];
    // A Redis before 6 knows a password alone.
    if (username !== undefined) commands.push(['AUTH', username, password ?? '']);
    else if (password !== undefined) commands.push(['AUTH', password]);
    if (database !== 0) commands.push(['SELECT', String(database)]);
    try {
      const replies = await this.send([...commands, ['CLIENT', 'SETNAME', 'ostrace']]);
      const refused = replies.find((reply) => reply instanceof ReplyError);
      // A user who may do no more than write may not give it a name; it does without.
      const isNameless = refused === replies.at(-1) && mayNotName.test(refused?.message ?? '');
      if (refused !== undefined && !isNameless) throw refused;
    } catch (error) {
      // A server that has no room for one more client says so unasked, and closes.
      throw this.#refusal ?? error;
    }
  }

  #take(reply: Reply): void {
    const exchange = this.#exchanges[0];
    if (exchange === undefined) {
      this.#break(new Error('it sent a reply that no command asked for'));
      return;
    }
    if (reply instanceof ReplyError) this.#refusal ??= reply;
    exchange.replies.push(reply);
    if (exchange.replies.length < exchange.length) return;
    this.#exchanges.shift();
    exchange.resolve(exchange.replies);
    if (this.#isRetired && this.#exchanges.length === 0) this.destroy();
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    this.#socket.destroy();
    for (const { reject } of this.#exchanges.splice(0)) reject(error);
  }
}

function openSocket({ host, port, tls }: RedisClientOptions): Socket {
  if (tls === undefined) return connectPlain({ host, port });
  // Loaded now: most connections need it not.
  const { connect: connectSecurely } = require('node:tls') as typeof import('node:tls');
  return connectSecurely({ host, port, ...tls, ...(isIP(host) === 0 && { servername: host }) });
}
