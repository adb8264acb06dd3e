// What a call of a database waits for before its statement runs: a connection of its pool, the opening of that, its
// turn on it. The `db` point says it at its stop.
import { now } from '../../trace/clock.js';
import type { Context } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import type { Fact, PointStart } from '../../trace/vocabulary.js';
import type { Call } from '../calls/call.js';

/** The time now. Only while something is live: the clock is loaded by the first trace. */
export const nowMs = (): number => now(0);

/** When a connection was opened, as far as it was while something was live. */
export interface Opening {
  readonly fromMs: number;
  /** Undefined while it is being opened. */
  toMs: number | undefined;
}

interface Waits {
  poolMs: number;
  connectMs: number;
  turnMs: number;
}

/** By the contexts of `db` points; most wait for nothing. */
const waits = createStamp<Waits>();
const openings = createStamp<Opening>();

/** A connection is being opened, by this call. */
export function openedBy(call: Call, connection: object): Opening {
  const opening: Opening = { fromMs: nowMs(), toMs: undefined };
  openings.put(connection, opening);
  call.whenOver = () => (opening.toMs ??= nowMs());
  return opening;
}

export const openingOf = (connection: unknown): Opening | undefined => openings.of(connection);

/** The context of the `db` point that a call of a library belongs to: its own one, or that of the call around it. */
export function pointOf({ context, caller }: Call, library: string): Context | undefined {
  return context ?? (caller?.library === library ? caller : undefined);
}

/**
 * A call waited for a pool until now, but for the time in which the connection that it got was being opened.
 *
 * @param own the opening that the call itself began
 */
export function waitedForPool(
  context: Context,
  fromMs: number,
  own: Opening | undefined,
  connection: unknown,
): void {
  const untilMs = nowMs();
  const its = waitsOf(context);
  const opening = own === undefined ? openingOf(connection) : { ...own, fromMs };
  const connectMs = overlap(fromMs, untilMs, opening);
  its.connectMs += connectMs;
  its.poolMs += untilMs - fromMs - connectMs;
}

/** A statement that could not run at once on its connection. */
export class Turn {
  readonly #call: Call;
  readonly #point: Context;
  /** Undefined where it also waits for an opening that nobody has seen begin: the two can't be told apart. */
  readonly #fromMs: number | undefined;
  /** The point that starts when the statement runs. */
  readonly #start: PointStart | undefined;
  /** Nobody is before it: it waits for the opening alone. */
  readonly #isFirst: boolean;
  #isTaken = false;
  #isShown = false;

  constructor(
    call: Call,
    point: Context,
    start: PointStart | undefined,
    isFirst: boolean,
    isUnknown: boolean,
  ) {
    this.#call = call;
    this.#isFirst = isFirst;
    this.#point = point;
    this.#start = start;
    this.#fromMs = isUnknown ? undefined : nowMs();
    // What is refused, or given up before its turn, is shown with its statement all the same: it took no time.
    if (start !== undefined) call.whenOver = () => this.show();
  }

  /** The statement runs from now on. */
  take(connection: object): void {
    if (this.#isTaken || this.#call.isOver) return;
    this.#isTaken = true;
    if (this.#fromMs !== undefined) {
      const untilMs = nowMs();
      const opening = openingOf(connection);
      const its = waitsOf(this.#point);
      its.connectMs += overlap(this.#fromMs, untilMs, opening);
      // The time before anybody began to open the connection is neither.
      if (!this.#isFirst) its.turnMs += untilMs - Math.max(this.#fromMs, opening?.toMs ?? this.#fromMs);
    }
    this.show();
  }

  /** Its point starts, whether or not its turn has come. */
  show(): void {
    if (this.#start !== undefined && !this.#isShown) this.#call.begin(this.#start);
    this.#isShown = true;
  }
}

function waitsOf(context: Context): Waits {
  let its = waits.of(context);
  if (its === undefined) {
    its = { poolMs: 0, connectMs: 0, turnMs: 0 };
    waits.put(context, its);
  }
  return its;
}

function overlap(fromMs: number, untilMs: number, opening: Opening | undefined): number {
  if (opening === undefined) return 0;
  return Math.max(0, Math.min(untilMs, opening.toMs ?? untilMs) - Math.max(fromMs, opening.fromMs));
}

/** Milliseconds. */
type Waited = Readonly<Partial<Record<Extract<Fact<'db'>, `wait_${string}`>, number>>>;

/** What the stop of a point says of what its call waited for; undefined where that is nothing to speak of. */
export function waitsInfo(context: Context): Waited | undefined {
  const its = waits.of(context);
  if (its === undefined) return undefined;
  const info: { -readonly [Name in keyof Waited]: Waited[Name] } = {};
  for (const [name, ms] of [
    ['wait_pool_ms', its.poolMs],
    ['wait_connect_ms', its.connectMs],
    ['wait_turn_ms', its.turnMs],
  ] as const) {
    // Each hand-over takes some time: less is no wait.
    if (ms >= 1) info[name] = Math.round(ms * 1000) / 1000;
  }
  return Object.keys(info).length === 0 ? undefined : info;
}
