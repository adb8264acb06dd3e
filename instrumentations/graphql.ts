// GraphQL by graphql 16 and 17: an `rpc` point for each operation that is executed, and with 17, which publishes them,
// one for each resolver of the application's.
import { returnedPromise } from '../src/hooks/calls/ends.js';
import { read } from '../src/hooks/guard.js';
import { calleesByMethod } from '../src/hooks/targets/callees.js';
import { type Callee, type Outcome, type RpcCall, type RpcChannel, rpc } from '../src/hooks/targets/rpc.js';

const calleeOf = calleesByMethod();

interface Definition {
  readonly kind?: string;
  readonly operation?: string;
  readonly name?: { readonly value?: string };
}
interface Arguments {
  readonly document?: { readonly definitions?: readonly Definition[] };
  readonly operationName?: string | null;
}

const named = (type: unknown, name: unknown): Callee =>
  calleeOf(undefined, [type, name].filter((part) => typeof part === 'string').join(' '));

/** `query Orders`; an operation that is not in the document has no name. */
function operationOf([given]: readonly unknown[]): Callee {
  const { document, operationName } = Object(given) as Arguments;
  const found = document?.definitions?.find(
    ({ kind, name }) => kind === 'OperationDefinition' && (!operationName || name?.value === operationName),
  );
  return named(found?.operation, found?.name?.value);
}

interface Result {
  readonly errors?: readonly { readonly name?: string; readonly message?: string }[];
}

/** The answer of an operation that failed is a result like any other. */
function succeeded(result: unknown): Outcome {
  const { errors } = Object(result) as Result;
  const first = errors?.[0];
  if (first === undefined) return { end: 'done' };
  const { name = 'GraphQLError', message } = first;
  return { end: 'failed', etype: name, ...(message !== undefined && { message }) };
}

// Resolvers may execute operations of their own.
const execute: RpcCall = {
  kind: 'server',
  callee: operationOf,
  callsOut: true,
  ends: [returnedPromise],
  succeeded,
};

interface OperationMessage {
  readonly operationType?: string;
  readonly operationName?: string;
}
interface ResolverMessage {
  readonly parentType?: string;
  readonly fieldName?: string;
  readonly isDefaultResolver?: boolean;
}

const operation: RpcChannel = {
  kind: 'server',
  callee(message) {
    // They look the operation up, which throws where the arguments are wrong.
    const said = message as OperationMessage;
    return named(
      read(() => said.operationType),
      read(() => said.operationName),
    );
  },
  succeeded,
};
const resolver: RpcChannel = {
  kind: 'server',
  callee(message) {
    const { parentType, fieldName, isDefaultResolver } = message as ResolverMessage;
    // Those of the library only read a property.
    return isDefaultResolver === true ? undefined : calleeOf(parentType, fieldName);
  },
};

/** The package's exports are functions. */
const functions = (exports: object): unknown => ({ prototype: exports });

export const graphql = rpc({
  library: 'graphql',
  system: 'graphql',
  files: [
    {
      file: 'graphql/execution/execute',
      versions: ['16.0.0', '17.0.0'],
      class: functions,
      methods: { execute, executeSync: execute },
    },
    {
      file: 'graphql/execution/subscribe',
      versions: ['16.0.0', '17.0.0'],
      class: functions,
      methods: { subscribe: execute },
    },
  ],
  channels: { 'graphql:execute': operation, 'graphql:subscribe': operation, 'graphql:resolve': resolver },
});
