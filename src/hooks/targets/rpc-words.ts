// The info of the points of calls and messages, at their start and at their stop.
import type { Context } from '../../trace/context.js';
import { cancelled } from '../../trace/cancelled.js';
import type { Info } from '../../trace/event.js';
import { FixedInfo, cut } from '../../trace/info.js';
import { createStamp } from '../../trace/stamp.js';
import type { Fact, PointInfo, PointStart, StopInfo } from '../../trace/vocabulary.js';
import type { Callee, HandledKind, Outcome, RpcCall } from './rpc-contract.js';

/** Gives the points of calls. All calls of one callee say the same at their start. */
export function startsOf(
  kind: RpcCall['kind'] | HandledKind,
  system: string,
): (callee: Callee) => readonly PointStart[] {
  const known = createStamp<readonly PointStart[]>();
  return (callee) => {
    let starts = known.of(callee);
    if (starts === undefined) {
      starts = [{ point: 'rpc', info: new FixedInfo(startInfo(kind, system, callee)) }];
      known.put(callee, starts);
    }
    return starts;
  };
}

/** The info of a point at its start. */
export function startInfo(
  kind: RpcCall['kind'] | HandledKind,
  system: string,
  { service, method, destination, attempt, messages, links }: Callee,
): Exclude<PointInfo<'rpc'>, FixedInfo | undefined> {
  return { rpc: { kind, system, service, method, destination, attempt, messages, links } };
}

/** What stops say of calls that are done, by their status: with and without a callee that has more to tell. */
const done = { signed: new Map<string, FixedInfo>(), alone: new Map<string, FixedInfo>() };
const mostStatuses = 100;

/** The words of a call or a message that is over. */
export function stopOf(outcome: Outcome, context: Context): StopInfo {
  if (outcome.end !== 'done') return failureOf(outcome, context);
  const { status = '' } = outcome;
  const isCalleeToo = isSigned(outcome, context);
  if (status === '' && !isCalleeToo) return undefined;
  const known = isCalleeToo ? done.signed : done.alone;
  let info = known.get(status);
  if (info === undefined) {
    info = new FixedInfo(wordsOf(outcome, context));
    if (known.size < mostStatuses) known.set(status, info);
  }
  return info;
}

/** The words of one that has failed, or was cancelled. */
export function failureOf(outcome: Outcome, context: Context): Info {
  if (outcome.end === 'cancelled') return { ...cancelled, ...wordsOf(outcome, context) };
  const { status, etype = status ?? 'Error', message } = outcome;
  return { etype, message: message === undefined ? null : cut(message), ...wordsOf(outcome, context) };
}

/** The part of a stop's info that is the call's own. */
function wordsOf(
  outcome: Outcome,
  context: Context,
): { readonly rpc?: { readonly [Name in Fact<'rpc'>]?: unknown } } {
  const { status } = outcome;
  if (isSigned(outcome, context)) return { rpc: { status, signed: true } };
  return status === undefined ? {} : { rpc: { status } };
}

const isSigned = ({ isAnswered }: Outcome, { isCarriedOn }: Context): boolean =>
  isAnswered === true && isCarriedOn;
