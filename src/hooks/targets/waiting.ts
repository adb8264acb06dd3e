// Measures what a call of a database waits for before its statement runs: a connection of its pool, the opening of
// that connection, its turn on it. The `db` point says so at its stop.
import { now } from '../../trace/clock.js';
import type { Context } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import type { Fact, PointStart } from '../../trace/vocabulary.js';
import type { Call } from '../calls/call.js';

/** The time now. It may be asked for only while something is live: the first trace loads the clock. */
export const nowMs = (): number => now(0);

/** When a connection was opened, as far as that happened while something was live. */
export interface Opening {
  readonly fromMs: number;
  /** Undefined until the connection is open. */
  toMs: number | undefined;
}

/** The waits of a call, in milliseconds. */
export interface Waited {
  poolMs: number;
  connectMs: number;
  turnMs: number;
}

/** The waits of calls, by the contexts of their `db` points. Most calls wait for nothing. */
const waits = createStamp<Waited>();
const openings = createStamp<Opening>();

/** Notes that this call opens a connection. */
export function openedBy(call: Call, connection: object): Opening {
  const opening: Opening = { fromMs: nowMs(), toMs: undefined };
  openings.put(connection, opening);
  call.whenOver = () => (opening.toMs ??= nowMs());
  return opening;
}

export const openingOf = (connection: unknown): Opening | undefined => openings.of(connection);

/** The context of the `db` point that a library's call belongs to: its own, or that of the call around it. */
export function pointOf({ context, caller }: Call, library: string): Context | undefined {
  return context ?? (caller?.library === library ? caller : undefined);
}

/**
 * Notes that a call waited for a pool until now, except while the connection that it got was being opened.
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

/** Adds the wait of a statement to what its call waited for, when its turn has come. */
export type Count = (its: Waited, fromMs: number, untilMs: number, connection: object) => void;

/** The statement waited for the opening alone. The time before the opening began counts as no wait. */
export const countOpening: Count = (its, fromMs, untilMs, connection) => {
  its.connectMs += overlap(fromMs, untilMs, openingOf(connection));
};

/** The statement waited for others, and maybe for the opening before. */
export const countTurn: Count = (its, fromMs, untilMs, connection) => {
  countOpening(its, fromMs, untilMs, connection);
  its.turnMs += untilMs - Math.max(fromMs, openingOf(connection)?.toMs ?? fromMs);
};

/** A statement that could not run at once on its connection. */
export class Turn {
  readonly #call: Call;
  readonly #point: Context;
  readonly #count: Count | undefined;
  /** Undefined if it is not known what the statement waits for. */
  readonly #fromMs: number | undefined;
  /** The point that starts when the statement runs. */
  readonly #start: PointStart | undefined;
  #isTaken = false;
  #isShown = false;

  constructor(call: Call, point: Context, start: PointStart | undefined, count: Count | undefined) {
    this.#call = call;
    this.#point = point;
    this.#start = start;
    this.#count = count;
    this.#fromMs = count === undefined ? undefined : nowMs();
    // A statement that is refused, or given up before its turn, still gets its point, which takes no time.
    if (start !== undefined) call.whenOver = () => this.show();
  }

  /** The statement runs from now on. */
  take(connection: object): void {
    if (this.#isTaken || this.#call.isOver) return;
    this.#isTaken = true;
    if (this.#fromMs !== undefined) this.#count?.(waitsOf(this.#point), this.#fromMs, nowMs(), connection);
    this.show();
  }

  /** Starts its point, whether or not its turn has come. */
  show(): void {
    if (this.#start !== undefined && !this.#isShown) this.#call.begin(this.#start);
    this.#isShown = true;
  }
}

function waitsOf(context: Context): Waited {
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

/** In milliseconds. */
type WaitsInfo = Readonly<Partial<Record<Extract<Fact<'db'>, `wait_${string}`>, number>>>;

/** The waits of a call for the stop of its point; undefined if there were none worth mentioning. */
export function waitsInfo(context: Context): WaitsInfo | undefined {
  const its = waits.of(context);
  if (its === undefined) return undefined;
  const info: { -readonly [Name in keyof WaitsInfo]: WaitsInfo[Name] } = {};
  for (const [name, ms] of [
    ['wait_pool_ms', its.poolMs],
    ['wait_connect_ms', its.connectMs],
    ['wait_turn_ms', its.turnMs],
  ] as const) {
    // Every hand-over takes some time, so less than this is not a wait.
    if (ms >= 1) info[name] = Math.round(ms * 1000) / 1000;
  }
  return Object.keys(info).length === 0 ? undefined : info;
}
