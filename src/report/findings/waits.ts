// Finds what calls waited for before they could begin: a connection, its making, their turn, a socket.
import { textFact } from '../facts.js';
import { duration } from '../format.js';
import { type WaitFact, waitedFor, waitsIn } from '../waits.js';
import { type Analysis, oncePerAnalysis } from '../analysis/analyse.js';
import type { Stay } from '../analysis/partition.js';
import type { Span } from '../analysis/span.js';
import { type Detector, type Finding, type FindingKind, matters } from './finding.js';
import { overlapOf } from './overlap.js';
import { nameOf, placeOf, soonerBy, timeOf } from './words.js';

interface Wait {
  readonly kind: FindingKind;
  /** In microseconds; 0 if the point does not say it. */
  of(span: Span): number;
  sentence(waited: string, target: string, calls: readonly Span[], analysis: Analysis): string;
  readonly advice: string;
}

const ofDatabase =
  (fact: WaitFact<'db'>) =>
  ({ point }: Span): number =>
    waitedFor(point.stopInfo, 'db', fact);
const ofRequest =
  (fact: WaitFact<'requests'>) =>
  ({ point }: Span): number =>
    waitedFor(point.stopInfo, 'requests', fact);

const lookup = ofRequest('wait_dns_ms');
const reaching = ofRequest('wait_connect_ms');
const handshake = ofRequest('wait_tls_ms');

const waits: readonly Wait[] = [
  {
    kind: 'pool-wait',
    of: ofDatabase('wait_pool_ms'),
    sentence: (waited, target, calls, analysis) =>
      `${callsOf(calls)} waited for a connection of the pool to ${target}: ${waited}${heldBy(calls, analysis)}.`,
    advice: 'Give the pool more connections, or hold them for less time.',
  },
  {
    kind: 'connect-wait',
    of: ofDatabase('wait_connect_ms'),
    sentence: (waited, target) => `Connecting to ${target} took ${waited}.`,
    advice: 'Keep connections open in a pool, and open them before the first request.',
  },
  {
    kind: 'turn-wait',
    of: ofDatabase('wait_turn_ms'),
    sentence: (waited, target, calls) =>
      `${callsOf(calls)} waited for their turn on one connection to ${target}: ${waited}.`,
    advice: 'Use a pool, so that calls that are made at once run at once.',
  },
  {
    kind: 'socket-wait',
    of: ofRequest('wait_socket_ms'),
    sentence: (waited, target, calls) =>
      `${callsOf(calls)} waited for a free socket of the agent for ${target}: ${waited}.`,
    advice: 'Raise maxSockets of the http.Agent; of undici, use a Pool with more connections.',
  },
  {
    kind: 'connect-wait',
    of: (span) => lookup(span) + reaching(span) + handshake(span),
    sentence: (waited, target, calls) => `Connecting to ${target} took ${waited}${stepsOf(calls)}.`,
    advice: 'Keep connections open (keepAlive), so that later requests use them.',
  },
];

/** Finds what the calls on the critical path waited for before they began. */
export const findWaits: Detector = (analysis) => waits.flatMap((wait) => waitsFor(wait, analysis));

/** The calls on the critical path that waited for something. */
const waitingCalls = oncePerAnalysis(({ stays }): readonly { readonly span: Span; readonly stay: Stay }[] => {
  const calls: { span: Span; stay: Stay }[] = [];
  for (const [span, stay] of stays) if (waitsIn(span.point.stopInfo).length > 0) calls.push({ span, stay });
  return calls;
});

const worthTelling = { share: 0.1, micros: 20_000 };

function waitsFor(wait: Wait, analysis: Analysis): Finding[] {
  const waiting: { span: Span; waited: number }[] = [];
  for (const { span, stay } of waitingCalls(analysis)) {
    const waited = Math.min(wait.of(span), stay.to - stay.from);
    if (waited > 0) waiting.push({ span, waited });
  }
  // In a large trace, most calls have waited a little. If all of them together do not matter, those of no server do.
  if (!matters(sumOf(waiting), analysis, worthTelling)) return [];
  const groups = new Map<string, { span: Span; waited: number }[]>();
  for (const call of waiting) {
    const key = `${call.span.point.service}\n${targetOf(call.span)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [call]);
    else group.push(call);
  }
  return [...groups.values()].flatMap((group) => {
    const explains = sumOf(group);
    if (!matters(explains, analysis, worthTelling)) return [];
    const wins = group.reduce((sum, { span, waited }) => sum + winsOf(span, waited, wait, analysis), 0);
    const spans = group.toSorted((a, b) => b.waited - a.waited).map(({ span }) => span);
    const target = targetOf(spans[0]!) + placeOf(spans[0]!, analysis);
    const sentence = wait.sentence(timeOf(explains, analysis), target, spans, analysis);
    const advice = wait.advice + soonerBy(wins, analysis);
    return [{ kind: wait.kind, sentence, explains, wins, points: spans.map(({ point }) => point), advice }];
  });
}

const sumOf = (calls: readonly { readonly waited: number }[]): number =>
  calls.reduce((sum, { waited }) => sum + waited, 0);

/**
 * How much sooner the trace would end if nothing at the same place had waited like this: calls that wait behind one
 * another hide each other's waits.
 */
function winsOf(span: Span, waited: number, wait: Wait, { stays, duration: whole }: Analysis): number {
  const { parent } = span;
  // Few calls can wait for so long, so looking through their siblings takes no time to speak of.
  if (waited * 100 < whole) return Math.min(waited, stays.get(span)!.drag);
  const others = (parent?.children ?? []).filter(
    (other) => other !== span && other.from < span.to && other.to > span.from,
  );
  const end = others.reduce((last, other) => Math.max(last, other.to - wait.of(other)), span.to - waited);
  const most = (parent && stays.get(parent)?.drag) ?? Infinity;
  return Math.max(0, Math.min(waited, span.to - end, most));
}

/** The server that a call is for. */
function targetOf({ point: { startInfo } }: Span): string {
  const host = textFact(startInfo, 'requests', 'hostname') || textFact(startInfo, 'db', 'host');
  const port = textFact(startInfo, 'requests', 'port') || textFact(startInfo, 'db', 'port');
  const server = host === '' || port === '' ? host + port : `${host}:${port}`;
  const system = textFact(startInfo, 'db', 'system');
  return system === '' || server === '' ? system + server : `${system} at ${server}`;
}

const callsOf = (calls: readonly Span[]): string =>
  calls.length === 1 ? nameOf(calls[0]!) : `${calls.length} calls`;

/** The call that used a connection to the same server during the longest wait, if the trace shows it. */
function heldBy([longest]: readonly Span[], { spans }: Analysis): string {
  if (longest === undefined) return '';
  const from = longest.from;
  const to = from + ofDatabase('wait_pool_ms')(longest);
  const target = targetOf(longest);
  const others = spans.filter(
    (span) =>
      span.from < to &&
      span.to > from &&
      span !== longest &&
      span.point.name === 'db' &&
      targetOf(span) === target,
  );
  const held = others
    .map((span) => ({
      span,
      overlap: overlapOf([span], from + ofDatabase('wait_pool_ms')(span), to).covered,
    }))
    .filter(({ overlap }) => overlap * 2 >= to - from)
    .toSorted((a, b) => b.overlap - a.overlap)[0];
  return held === undefined ? '' : `, while ${nameOf(held.span)} had one for ${duration(held.overlap)}`;
}

/** `: DNS 14 ms, TCP 8 ms, TLS 96 ms` */
function stepsOf(calls: readonly Span[]): string {
  const steps = { DNS: lookup, TCP: reaching, TLS: handshake };
  const told = Object.entries(steps).flatMap(([name, of]) => {
    const micros = calls.reduce((sum, span) => sum + of(span), 0);
    return micros > 0 ? [`${name} ${duration(micros)}`] : [];
  });
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
}
