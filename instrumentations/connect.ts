// Connect by @connectrpc/connect 1 and 2: an `rpc` point for each call, at its client and at its server, whichever of its
// protocols it speaks. The request below it is HTTP's, which carries the trace on and triggers it.
import type { End } from '../src/hooks/calls/call.js';
import { type Call, type Callback, notMine } from '../src/hooks/calls/call.js';
import { returnedPromise, takesCallback } from '../src/hooks/calls/ends.js';
import { closed, returnedStream, watchStream } from '../src/hooks/calls/iterators.js';
import { calleesByMethod } from '../src/hooks/targets/callees.js';
import { type Outcome, type RpcCall, type RpcFactory, rpc } from '../src/hooks/targets/rpc.js';
import { runIn } from '../src/trace/context.js';

const calleeOf = calleesByMethod();

// As the protocol writes them; errors have numbers.
const codes = [
  '',
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
];
const canceled = 1;

/** How a call failed. Errors of other classes have no code: the server's library makes one of them later. */
function failed(error: unknown): Outcome | undefined {
  const { name, code, rawMessage, isWireError } = Object(error) as Readonly<Record<string, unknown>>;
  if (name !== 'ConnectError' || typeof code !== 'number') return undefined;
  const status = codes[code] ?? String(code);
  // The other side may say so as well.
  if (code === canceled && isWireError !== true) return { end: 'cancelled', status };
  return { end: 'failed', status, ...(typeof rawMessage === 'string' && { message: rawMessage }) };
}

// Interceptors are the application's.
const call = {
  callsOut: true,
  succeeded: (result: unknown): Outcome => ({ end: result === closed ? 'cancelled' : 'done' }),
  failed,
} as const;

interface Service {
  readonly typeName?: unknown;
  /** A list from 2 on; before, the methods by their names in JavaScript. */
  readonly methods: readonly Method[] | Readonly<Record<string, Method>>;
}
interface Method {
  readonly name?: unknown;
  readonly localName?: string;
  readonly parent?: Service;
}
interface Implementation {
  readonly method: Method;
  /** Before 2. */
  readonly service?: Service;
}

/** What a call is served by is a function, which is called at once and gives the stream of its answers. */
const transformed: End = (made: Call) => {
  const transform = made.invoke();
  const { context, within } = made;
  if (context === undefined) return transform;
  return function (this: unknown): unknown {
    const args = arguments as unknown as unknown[];
    const stream = runIn(within, transform as Callback, this, args);
    if (!watchStream(made, stream)) made.succeed(undefined);
    return stream;
  };
};

const serve = {
  ...call,
  kind: 'server',
  callee([given]: readonly unknown[]) {
    const { method, service = method.parent } = given as Implementation;
    return calleeOf(service?.typeName, method.name);
  },
} as const;

/** The functions of a client that is told of answers by callbacks give a function by which the call is given up. */
const withCallback: End = (made) => {
  if (!takesCallback(made)) return notMine;
  const giveUp = made.invoke();
  if (made.context === undefined || typeof giveUp !== 'function') return giveUp;
  return function (this: unknown): unknown {
    made.succeed(closed);
    return Reflect.apply(giveUp, this, arguments) as unknown;
  };
};

const client: RpcFactory = {
  gives(given, [service]) {
    const { typeName, methods } = service as Service;
    const all = Object.entries(methods).map(([key, { name, localName = key }]: [string, Method]) => {
      const callee = calleeOf(typeName, name);
      const its: RpcCall = {
        ...call,
        kind: 'client',
        callee: () => callee,
        ends: [withCallback, returnedStream],
      };
      return [localName, its] as const;
    });
    return [[given as object, Object.fromEntries(all)]];
  },
};

/** The package's exports are functions. */
const functions = (exports: object): unknown => ({ prototype: exports });

export const connect = rpc({
  library: '@connectrpc/connect',
  system: 'connect',
  // ES modules import one build, CommonJS requires the other.
  files: ['cjs', 'esm'].flatMap((build) => [
    {
      file: `@connectrpc/connect/dist/${build}/protocol/invoke-implementation`,
      class: functions,
      methods: {
        invokeUnaryImplementation: { ...serve, ends: [returnedPromise] },
        transformInvokeImplementation: { ...serve, ends: [transformed] },
      },
    },
    {
      file: `@connectrpc/connect/dist/${build}/any-client`,
      class: functions,
      methods: { makeAnyClient: client },
    },
  ]),
});
