// One connection for all calls of a driver: made when one needs it, and anew after it was lost.

/** What is special to a kind of connection. */
export interface Connecting<Connection> {
  /** Makes one; what it rejects with is what the calls that wait for it get. */
  connect(): Promise<Connection>;
  /** Whether it may still be used. */
  isOpen(connection: Connection): boolean;
  /** Ends it at once, and may be called again; nobody will use it any more. */
  destroy(connection: Connection): void;
}

/** A connection that is made again as often as it is lost. */
export class Reconnecting<Connection> {
  readonly #kind: Connecting<Connection>;
  #current: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #isClosed = false;

  constructor(kind: Connecting<Connection>) {
    this.#kind = kind;
  }

  /** The connection that was made last and was not dropped, whether it is open or not. */
  get current(): Connection | undefined {
    return this.#current;
  }

  /** The open connection, or a new one. Of calls at the same time one connects, and all get what it gets. */
  async get(): Promise<Connection> {
    if (this.#current !== undefined && this.#kind.isOpen(this.#current)) return this.#current;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  /** Has the next call connect anew; what there was is the caller's to end. */
  drop(): Connection | undefined {
    const dropped = this.#current;
    this.#current = undefined;
    return dropped;
  }

  /** Drops it for good: what is just being connected is destroyed as soon as it is there. */
  close(): Connection | undefined {
    this.#isClosed = true;
    return this.drop();
  }

  async #connect(): Promise<Connection> {
    const lost = this.drop();
    if (lost !== undefined) this.#kind.destroy(lost);
    const made = await this.#kind.connect();
    if (this.#isClosed) this.#kind.destroy(made);
    else this.#current = made;
    return made;
  }
}
