// Measures what an outgoing request waits for before it can be sent: a free socket of its agent, and the making of a
// connection, which is the look-up of the name, TCP and TLS.
//
// The price: while nothing is live, none. While a trace is live, each connection that is made takes one object, and
// each event of a socket three comparisons. A request on a connection that is open and free takes nothing more.
import type { Socket } from 'node:net';

import { elapsed } from '../../trace/clock.js';
import { hasLoop, idleMs } from '../../trace/loop.js';
import { createStamp } from '../../trace/stamp.js';
import type { Fact } from '../../trace/vocabulary.js';

/** When the steps of the making of a connection ended, in milliseconds on the monotonic clock; Infinity before. */
class Making {
  readonly begunMs: number;
  readonly #isSecure: boolean;
  lookedUpMs = Infinity;
  connectedMs = Infinity;
  securedMs = Infinity;

  /** @param begunMs NaN if it began while nothing was live */
  constructor(begunMs: number, isSecure: boolean) {
    this.begunMs = begunMs;
    this.#isSecure = isSecure;
  }

  /** When requests could be sent. */
  get readyMs(): number {
    return this.#isSecure ? this.securedMs : this.connectedMs;
  }

  /** How long each step took between two times. A step of which it is not known when it began takes none. */
  within(fromMs: number, untilMs: number): Steps {
    const { begunMs, lookedUpMs, connectedMs, securedMs } = this;
    const isByName = lookedUpMs !== Infinity;
    // Nothing tells whether a name is still being looked up, or whether there is no name to be looked up.
    const isKnown = isByName || connectedMs !== Infinity;
    const overlap = (from: number, to: number): number =>
      Math.max(0, Math.min(to, untilMs) - Math.max(from, fromMs)) || 0;
    return {
      dnsMs: isByName ? overlap(begunMs, lookedUpMs) : 0,
      connectMs: isKnown ? overlap(isByName ? lookedUpMs : begunMs, connectedMs) : 0,
      tlsMs: this.#isSecure ? overlap(connectedMs, securedMs) : 0,
    };
  }
}

/** How long the steps of the making of a connection took, in milliseconds. */
interface Steps {
  readonly dnsMs: number;
  readonly connectMs: number;
  readonly tlsMs: number;
}

/** Every hand-over takes some time, so less than this is not a wait. */
const leastMs = 1;

const makings = createStamp<Making>();
const isSecure = (socket: object): boolean => (socket as { encrypted?: unknown }).encrypted === true;

function isBeingMade(socket: unknown): boolean {
  const { connecting, secureConnecting } = Object(socket) as {
    readonly connecting?: unknown;
    readonly secureConnecting?: unknown;
  };
  return connecting === true || secureConnecting === true;
}

/** Notes that a socket begins to connect. */
export function noteConnect(socket: object): void {
  makings.put(socket, new Making(elapsed(), isSecure(socket)));
}

/** Sees the events of sockets. Call it only while a trace is live. */
export function noteStep(socket: object, event: unknown): void {
  if (event !== 'lookup' && event !== 'connect' && event !== 'secureConnect') return;
  let making = makings.of(socket);
  if (making === undefined) makings.put(socket, (making = new Making(NaN, isSecure(socket))));
  // Several addresses of a name are told of one after the other.
  if (event === 'lookup') making.lookedUpMs = Math.min(making.lookedUpMs, elapsed());
  else if (event === 'connect') making.connectedMs = elapsed();
  else making.securedMs = elapsed();
}

/** The time, and for how long the loop had waited for events by then, in milliseconds. */
export interface Moment {
  readonly atMs: number;
  readonly idleMs: number;
}

const idle = (): number => (hasLoop() ? idleMs() : 0);

/** The present moment. */
export const moment = (): Moment => ({ atMs: elapsed(), idleMs: idle() });

/** In milliseconds. */
export type RequestWaits = Readonly<Partial<Record<Extract<Fact<'requests'>, `wait_${string}`>, number>>>;

/** The waits of a request, by the socket that it has got. */
export class Awaited {
  readonly #fromMs: number;
  readonly #socketMs: number;
  readonly #making: Making | undefined;

  private constructor(fromMs: number, socketMs: number, making: Making | undefined) {
    this.#fromMs = fromMs;
    this.#socketMs = socketMs;
    this.#making = making;
  }

  /**
   * Tells what a request waits for that has just got its socket and is sent once that is connected.
   *
   * @param isQueued whether it waited until another request gave its place back
   */
  static connection(fromMs: number, socket: unknown, isQueued: boolean): Awaited | undefined {
    // The connection that is still being made is made for this request. That a step has ended is not known where
    // nothing was traced then.
    const own = isBeingMade(socket) ? makings.of(socket) : undefined;
    if (own === undefined && !isQueued) return undefined;
    const untilMs = own?.begunMs ?? elapsed();
    return new Awaited(fromMs, isQueued ? untilMs - fromMs : 0, own);
  }

  /**
   * Tells what a request has waited for that is now written to a socket.
   *
   * @param from when it was made
   */
  static turn(from: Moment, socket: Socket): Awaited | undefined {
    const waitedMs = elapsed() - from.atMs;
    if (waitedMs < leastMs) return undefined;
    const known = makings.of(socket);
    // It is connected: where that is not known, it happened while nothing was traced.
    const making = known?.readyMs === Infinity ? undefined : known;
    const readyMs = Math.max(0, (making?.readyMs ?? 0) - from.atMs);
    // The first request on a connection waits for nothing but that. Undici also sends some requests only in the next
    // turn of the loop: a busy loop is no wait for a socket.
    const socketMs = socket.bytesWritten > 0 ? Math.min(waitedMs - readyMs, idle() - from.idleMs) : 0;
    return new Awaited(from.atMs, socketMs, making);
  }

  /** The waits until now, for the stop of the request's point; undefined if there were none worth mentioning. */
  get info(): RequestWaits | undefined {
    const { dnsMs = 0, connectMs = 0, tlsMs = 0 } = this.#making?.within(this.#fromMs, elapsed()) ?? {};
    const waits = [
      ['wait_socket_ms', this.#socketMs],
      ['wait_dns_ms', dnsMs],
      ['wait_connect_ms', connectMs],
      ['wait_tls_ms', tlsMs],
    ] as const;
    const told = waits
      .filter(([, ms]) => ms >= leastMs)
      .map(([name, ms]) => [name, Math.round(ms * 1000) / 1000]);
    return told.length === 0 ? undefined : (Object.fromEntries(told) as RequestWaits);
  }
}
