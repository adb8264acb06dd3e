// WebSockets by `ws` 7 and 8: an `rpc` point for each message that is sent. A message has no headers, so it carries nothing,
// and what is received belongs to nobody. The handshake is HTTP's.
import { lastCallback, unobserved } from '../src/hooks/calls/ends.js';
import { calleesByName } from '../src/hooks/targets/callees.js';
import { type Callee, type RpcCall, rpc } from '../src/hooks/targets/rpc.js';
import { createStamp } from '../src/trace/stamp.js';

interface Connection {
  readonly url?: unknown;
}

const to = calleesByName();
const client: Callee = {};
const known = createStamp<Callee>();

/** A client's connection leads to the host of its URL; a server does not ask who its clients are. */
function calleeOf(connection: Connection): Callee {
  let callee = known.of(connection);
  if (callee === undefined) {
    const { url } = connection;
    callee = typeof url === 'string' && URL.canParse(url) ? to(new URL(url).host) : client;
    known.put(connection, callee);
  }
  return callee;
}

const send: RpcCall = {
  kind: 'producer',
  callee: (_args, connection) => calleeOf(connection),
  // With a callback, until the message is written.
  ends: [lastCallback, unobserved],
  isCarrier: true,
};

export const ws = rpc({
  library: 'ws',
  system: 'websocket',
  files: [{ file: 'ws/lib/websocket', methods: { send } }],
});
