// Makes the points of outgoing HTTP requests of all clients: how one starts, and how it ends.
// `src/propagation/recipients.ts` decides which requests carry trace headers.
//
// The price: nothing here runs while no trace is live. The point of a traced `http` request takes 3.1 to 3.8 µs,
// including what `http-client.ts` does for it (benchmarks/RESULTS.md). One object holds what is known of a request.
// Its path and query are searched for secrets only if one fast expression suspects some (`src/redaction/url.ts`).
import type { Sender } from '../../propagation/recipients.js';
import { requestTarget } from '../../redaction/url.js';
import { cancelled, isGivingUp } from '../../trace/cancelled.js';
import type { Context } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { failure } from '../../trace/info.js';
import { type Point, startPoint, stopPoint } from '../../trace/point.js';
import { placeOfSecond } from '../calls/repetitions.js';
import type { Awaited } from './connecting.js';
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
  /** The host as it was given, possibly with a user before it: `name:password@host`. */
  readonly host: string;
  /** Undefined if the request does not tell. */
  readonly port: number | undefined;
  readonly path: string;
}

/** The parts of a path that may differ between equal requests. */
const varying = /[^/]*\d[^/]*/g;

/** Starts the point of an outgoing request. */
export function startRequest(caller: Context, { method, scheme, host, port, path }: Asked): OutgoingRequest {
  const user = userIn(host);
  const hostname = host.slice(user.length);
  const target = requestTarget(path);
  const requests = { method, scheme, hostname, port, ...target };
  const code = placeOfSecond(caller, `${method} ${hostname}:${port}${target.path.replace(varying, '')}`);
  const point = startPoint(scheme, caller, code === undefined ? { requests } : { requests, code });
  return new OutgoingRequest(point, user);
}

/**
 * The sender of a request without a point. The request gets no headers of ours, but headers that it passes on may not
 * go to every host.
 */
export const withoutPoint = (context: Context): Sender => ({ context, isPoint: false });

/** An outgoing request that is a point. If the request ends early, its stop names the first reason that was told. */
export class OutgoingRequest implements Sender {
  readonly point: Point;
  readonly isPoint = true;
  /** Undefined if it has waited for nothing. */
  awaited: Awaited | undefined;
  readonly #user: string;
  #answer: { readonly requests: Info } | undefined;
  #reason: Info | undefined;

  constructor(point: Point, user: string) {
    this.point = point;
    this.#user = user;
  }

  get context(): Context {
    return this.point.context;
  }

  /** Whether a reason for an early end has been told. */
  get hasReason(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * The answer has begun. If the request carried the trace on, its stop says so: readers then wait for points of the
   * service that answered.
   */
  answered(status_code: unknown): void {
    this.#answer = {
      requests: this.context.isCarriedOn ? { status_code, signed: true } : { status_code },
    };
  }

  /** An error ended the request. The error may be the caller's way to cancel the request. */
  failed(error: unknown): void {
    this.#reason ??= isGivingUp(error) ? cancelled : withoutSecret(failure(error), this.#user);
  }

  /** The caller cancelled the request. */
  cancelled(): void {
    this.#reason ??= cancelled;
  }

  /** The connection was closed before the answer was complete. */
  brokenOff(): void {
    this.#reason ??= aborted;
  }

  /** Drops the error of a connection, if an incomplete answer tells more. */
  dropError(): void {
    if (this.#reason !== cancelled) this.#reason = undefined;
  }

  /** Stops the point; a second stop does nothing. */
  stop(): void {
    if (this.point.stopped) return;
    const reason = this.#reason;
    const waits = this.awaited?.info;
    const answer = waits === undefined ? this.#answer : { requests: { ...this.#answer?.requests, ...waits } };
    stopPoint(this.point, reason === undefined ? answer : { ...reason, ...answer });
  }
}

/** The part before a host that was given as `name:password@host`. Node looks up the whole text as a name. */
const userIn = (host: string): string => host.slice(0, host.lastIndexOf('@') + 1);

// No host name is longer. An error's message may have been cut within a longer name.
const longestHost = 253;

function withoutSecret(info: Info, user: string): Info {
  const { message } = info;
  if (user === '' || typeof message !== 'string') return info;
  return { ...info, message: user.length > longestHost ? '***' : message.replaceAll(user, '***@') };
}
