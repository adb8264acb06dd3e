// Where the point of a batch of messages stands. If all of them were sent in one trace, it stands there, below the point
// that sent the first. Else it would draw the work for others into a trace, so it stands in a trace of its own, which
// links to the points that have sent the messages; and each of these has a point below it that links to the batch.
import { carriedIn } from '../../trace/carried.js';
import { type Context, requestDefault, tracedBy } from '../../trace/context.js';
import { infoName } from '../../trace/headers.js';
import { newId } from '../../trace/ids.js';
import type { VerifiedTrace } from '../../trace/signing.js';
import { release } from '../../trace/trace.js';
import type { AgentPort } from '../port.js';
import type { Link } from './rpc-contract.js';

/** A batch may have thousands of messages, and to verify one takes 2 µs. What is beyond counts as not signed. */
const mostSenders = 100;

/** Where a batch is handled. */
export interface Batch {
  readonly parent: Context | undefined;
  /** The points that have sent its messages, apart from the parent. */
  readonly links: readonly Link[];
  /** The places of those points, if the batch is handled in another trace. */
  readonly others: readonly Context[];
}

/**
 * Gives the place of a batch.
 *
 * @param received what holds the headers of each message; undefined if no trace is among them
 */
export function withSenders<Result>(
  agent: AgentPort,
  received: Iterable<unknown> | undefined,
  body: (batch: Batch) => Result,
): Result {
  const { senders, isOfOne } = sendersOf(agent, received);
  const [first] = senders;
  if (first === undefined) return body({ parent: requestDefault(), links: [], others: [] });
  if (isOfOne) {
    return holding([first], ([parent]) => body({ parent, links: senders.slice(1).map(linkTo), others: [] }));
  }
  const own = newId();
  const root = { base_id: own, parent_id: own, hmac_key: first.hmac_key };
  const whole = requestDefault();
  return holding(senders, (others) => {
    const links = senders.map(linkTo);
    if (whole !== undefined) return body({ parent: whole, links, others });
    return holding([root], ([parent]) => body({ parent, links, others }));
  });
}

/** The points that have sent the messages of a batch, and whether all messages are of one trace. */
function sendersOf(
  agent: AgentPort,
  received: Iterable<unknown> = [],
): { readonly senders: readonly VerifiedTrace[]; readonly isOfOne: boolean } {
  // One call sends several messages with the same headers.
  const known = new Map<string, VerifiedTrace | undefined>();
  let isWhole = true;
  for (const each of received) {
    const found = carriedIn(each);
    const text = found[infoName] === undefined ? '' : JSON.stringify(found);
    if (text !== '' && !known.has(text) && known.size < mostSenders) known.set(text, agent.verify(found));
    isWhole &&= known.get(text) !== undefined;
  }
  const senders = new Map<string, VerifiedTrace>();
  for (const signed of known.values()) if (signed !== undefined) senders.set(signed.parent_id, signed);
  const traces = new Set(Array.from(senders.values(), ({ base_id }) => base_id));
  return { senders: [...senders.values()], isOfOne: isWhole && traces.size === 1 };
}

const linkTo = ({ base_id, parent_id }: VerifiedTrace): Link => ({ base_id, trace_id: parent_id });

/** Holds traces as long as the body runs. */
function holding<Result>(
  signed: readonly VerifiedTrace[],
  body: (places: readonly Context[]) => Result,
): Result {
  const places = signed.map(tracedBy);
  try {
    return body(places);
  } finally {
    for (const { trace } of places) release(trace);
  }
}
