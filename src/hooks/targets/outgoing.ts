// The points of outgoing HTTP requests of all clients: how one starts, and how it ends. Who gets its trace headers is
// decided in `src/propagation/recipients.ts`.
import type { Sender } from '../../propagation/recipients.js';
import { requestTarget } from '../../redaction/url.js';
import { cancelled, isGivingUp } from '../../trace/cancelled.js';
import type { Context } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { failure } from '../../trace/info.js';
import { type Point, startPoint, stopPoint } from '../../trace/point.js';
import { aborted } from './http.js';

export type Scheme = 'http' | 'https';

/** The scheme of a URL's protocol. */
export const schemeOf = (protocol: string): Scheme => (protocol === 'https:' ? 'https' : 'http');

/** The port of a URL that names none. */
export const defaultPort = (scheme: Scheme): number => (scheme === 'https' ? 443 : 80);

/** A request as its client describes it. */
export interface Asked {
  readonly method: string;
  readonly scheme: Scheme;
  /** The host as it was given, with a user before it too: `name:password@host`. */
  readonly host: string;
  /** Undefined where the request does not tell. */
  readonly port: number | undefined;
  readonly path: string;
}

/** Starts the point of an outgoing request. */
export function startRequest(caller: Context, { method, scheme, host, port, path }: Asked): OutgoingRequest {
  const user = userIn(host);
  const hostname = host.slice(user.length);
  const point = startPoint(scheme, caller, {
    requests: { method, scheme, hostname, port, ...requestTarget(path) },
  });
  return new OutgoingRequest(point, user);
}

/** The sender of a request without a point: it adds no headers, but those that it passes on are not for everybody. */
export const withoutPoint = (context: Context): Sender => ({ context, isPoint: false });

/** An outgoing request that is a point. Its stop says the first reason for an early end that it is told. */
export class OutgoingRequest implements Sender {
  readonly point: Point;
  readonly isPoint = true;
  readonly #user: string;
  #answer: Info | undefined;
  #reason: Info | undefined;

  constructor(point: Point, user: string) {
    this.point = point;
    this.#user = user;
  }

  get context(): Context {
    return this.point.context;
  }

  /** Whether somebody has told why the request ended early. */
  get hasReason(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * The answer has begun. Where the request has carried the trace on, points of the service that it went to belong
   * into the trace, and readers know what to wait for.
   */
  answered(status_code: unknown): void {
    this.#answer = {
      requests: this.context.isCarriedOn ? { status_code, signed: true } : { status_code },
    };
  }

  /** An error ended the request; the error may be the caller's way to give it up. */
  failed(error: unknown): void {
    this.#reason ??= isGivingUp(error) ? cancelled : withoutSecret(failure(error), this.#user);
  }

  /** The caller gave the request up. */
  cancelled(): void {
    this.#reason ??= cancelled;
  }

  /** The connection was closed before the answer was complete. */
  brokenOff(): void {
    this.#reason ??= aborted;
  }

  /** Drops the error of a connection, where an answer that is not complete tells more. */
  dropError(): void {
    if (this.#reason !== cancelled) this.#reason = undefined;
  }

  /** Stops the point; a second stop does nothing. */
  stop(): void {
    const reason = this.#reason;
    const answer = this.#answer;
    stopPoint(this.point, reason === undefined ? answer : { ...reason, ...answer });
  }
}

/** The part before a host that was given as `name:password@host`: Node looks up all of it as a name. */
const userIn = (host: string): string => host.slice(0, host.lastIndexOf('@') + 1);

// No name of a host is longer. An error's message may have been cut within a longer one.
const longestHost = 253;

function withoutSecret(info: Info, user: string): Info {
  const { message } = info;
  if (user === '' || typeof message !== 'string') return info;
  return { ...info, message: user.length > longestHost ? '***' : message.replaceAll(user, '***@') };
}
