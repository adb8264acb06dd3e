// Defines which points have failed, for the report, the lists of failed traces and the stores of spans alike. It is
// a function of the stop event, because stores hold OSProfiler's events and nothing beside them.
//
// - `etype`: an error was thrown. OSProfiler knows only this kind.
// - The status of an answer, as OpenTelemetry defines it: from 500 at the server, because statuses below that are
//   its callers' mistakes; from 400 at the client, which did not get what it asked for.
// - An exit code that is not 0, and a signal. The point of the process itself is an exception: a process that tells
//   of a signal was asked to end.
//
// Cancelled is not failed. Work that a caller gave up on purpose (`cancelled: true`) has no `etype`, and the way in
// which a command or a thread ended is then its caller's doing. A bad status stays bad, because callers give up the
// body of such answers.
import type { Info } from './event.js';
import type { Fact, FactGroup } from './vocabulary.js';

/** Why a point has failed. */
export interface Failure {
  /** An error has a class and a message. The other kinds say that something went wrong, but not what. */
  readonly kind: 'error' | 'status' | 'exit';
  /** The error's class or code, the status, the exit code, the signal. */
  readonly type: string;
  readonly message: string | undefined;
}

/** @param stop what a point's stop says; a start makes no point a failed one, whatever it says */
export function failureIn(stop: Info): Failure | undefined {
  const { etype, message } = stop;
  if ((etype ?? null) !== null) {
    return { kind: 'error', type: textOf(etype) || 'error', message: textOrNone(message) };
  }
  const status = badStatus(stop);
  if (status !== undefined) return { kind: 'status', type: String(status), message: undefined };
  const end = isCancelled(stop) ? undefined : badEnd(stop);
  return end === undefined ? undefined : { kind: 'exit', type: end, message: undefined };
}

/** Whether the caller of a point gave the work up on purpose. */
export function isCancelled(stop: Info): boolean {
  return stop['cancelled'] === true;
}

/** Matches the JSON of every stop of a failed point, and of few others. */
export const mayTellFailure = /"etype":|"status_code": ?"?[4-9]|"exit_code": ?(?!0\s*[,}])|"signal":/;

function badStatus(stop: Info): number | undefined {
  const asServer = Number(member(stop, 'response', 'status_code'));
  if (asServer >= 500) return asServer;
  const asClient = Number(member(stop, 'requests', 'status_code'));
  return asClient >= 400 ? asClient : undefined;
}

function badEnd(stop: Info): string | undefined {
  const signal = member(stop, 'command', 'signal') ?? member(stop, 'thread', 'signal');
  if (typeof signal === 'string' && signal !== '') return signal;
  const isAsked = typeof member(stop, 'process', 'signal') === 'string';
  const code =
    badCode(stop, 'command') ?? badCode(stop, 'thread') ?? (isAsked ? undefined : badCode(stop, 'process'));
  return code === undefined ? undefined : String(code);
}

function badCode(stop: Info, name: 'command' | 'thread' | 'process'): number | undefined {
  const code = member(stop, name, 'exit_code');
  return typeof code === 'number' && code !== 0 ? code : undefined;
}

function member<Group extends FactGroup>(info: Info, name: Group, inner: Fact<Group>): unknown {
  const object = info[name];
  return typeof object === 'object' && object !== null ? (object as Info)[inner] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function textOrNone(value: unknown): string | undefined {
  return (value ?? null) === null ? undefined : textOf(value);
}
