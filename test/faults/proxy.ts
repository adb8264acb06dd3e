// Stands between the agent and a store, and fails as networks and servers do.
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Proxy {
  readonly port: number;
  /** All goes through. */
  pass(): Promise<void>;
  /** Nobody listens, and what was connected is cut off. */
  refuse(): Promise<void>;
  /** Accepts, and nothing goes through in either direction. */
  hang(): void;
  /** Each piece of an answer takes so long. */
  slow(ms: number): void;
  /** Each question is answered by zeros, without an end. */
  flood(): void;
  close(): Promise<void>;
}

/** @param target host and port of the store */
export async function createProxy(target: { host: string; port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let isHanging = false;
  let slowMs = 0;
  let isFlooding = false;

  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    for (const [from, to, isAnswer] of [
      [client, upstream, false],
      [upstream, client, true],
    ] as const) {
      sockets.add(from);
      if (isHanging) from.pause();
      let last: Promise<unknown> = Promise.resolve();
      from.on('data', (data) => {
        const before = last;
        last = (async () => {
          if (isAnswer && slowMs > 0) await delay(slowMs);
          await before;
          if (isAnswer && isFlooding) pour(to);
          else to.write(data);
        })();
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  const refuse = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };

  return {
    port,
    async pass() {
      slowMs = 0;
      if (isHanging || isFlooding) cut();
      isHanging = isFlooding = false;
      if (server.listening) return;
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    refuse,
    hang() {
      isHanging = true;
      for (const socket of sockets) socket.pause();
    },
    slow(ms) {
      slowMs = ms;
    },
    flood() {
      isFlooding = true;
    },
    async close() {
      if (server.listening) await refuse();
    },
  };
}

const zeros = Buffer.alloc(64 * 1024);

function pour(to: Socket): void {
  if (to.listenerCount('drain') > 0) return;
  const more = (): void => {
    while (!to.destroyed && to.write(zeros));
  };
  to.on('drain', more);
  more();
}
