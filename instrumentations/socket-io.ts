// socket.io 4: an `rpc` point for each event that a server sends. An event has no headers, so it carries nothing, and what
// is received belongs to nobody. The handshake is HTTP's.
import type { End } from '../src/hooks/calls/call.js';
import { lastAnswer, lastCallback, unobserved } from '../src/hooks/calls/ends.js';
import { calleesByName } from '../src/hooks/targets/callees.js';
import { type RpcCall, rpc } from '../src/hooks/targets/rpc.js';

interface Namespace {
  readonly name?: string;
}
interface Sender {
  /** The properties of a socket. */
  readonly nsp?: Namespace;
  readonly flags?: { readonly timeout?: unknown };
  /** The properties of an operator that sends to several sockets. */
  readonly adapter?: { readonly nsp?: Namespace };
}

/** An event of a namespace. */
const ofEvent = calleesByName((name) => {
  const end = name.indexOf(' ');
  return { service: name.slice(0, end), method: name.slice(end + 1) };
});

/** Several sockets answer with an error or their answers, one socket only where its answer may come too late. */
const acknowledged: End = (call) => {
  const { nsp, flags } = call.self as Sender;
  return nsp === undefined || flags?.timeout !== undefined ? lastCallback(call) : lastAnswer(call);
};

const emit: RpcCall = {
  kind: 'producer',
  isAnswered: (args) => typeof args.at(-1) === 'function',
  callee([event], { nsp, adapter }: Sender) {
    const { name = '/' } = nsp ?? adapter?.nsp ?? {};
    return ofEvent(`${name} ${String(event)}`);
  },
  ends: [acknowledged, unobserved],
};

const classOf =
  (name: string) =>
  (exports: object): unknown =>
    (exports as Readonly<Record<string, unknown>>)[name];

export const socketIo = rpc({
  library: 'socket.io',
  system: 'socket.io',
  files: [
    { file: 'socket.io/dist/socket', class: classOf('Socket'), methods: { emit } },
    { file: 'socket.io/dist/broadcast-operator', class: classOf('BroadcastOperator'), methods: { emit } },
  ],
});
