// Makes hooks of the contract of remote procedure calls and messages, `rpc({ … })`. The contract itself is in
// `rpc-contract.ts`; `rpc-caller.ts` hooks the caller's side, `rpc-callee.ts` and `rpc-iteration.ts` the callee's.
import { hookMethod } from '../calls/method.js';
import type { Instrumentation } from '../loading/modules.js';
import type { AgentPort } from '../port.js';
import { type Owner, fileHook } from './files.js';
import { hookDelivery, hookHandler } from './rpc-callee.js';
import { callHook, hookSending } from './rpc-caller.js';
import type { Rpc, RpcMethod } from './rpc-contract.js';
import { hookIteration } from './rpc-iteration.js';

export type * from './rpc-contract.js';

/** Makes the instrumentation of a library for remote procedure calls or messages: `rpc` points on both sides. */
export function rpc(definition: Rpc): Instrumentation {
  return {
    hooks: (agent) =>
      definition.files.map((file) =>
        fileHook(file, agent, () => (owner, name, method) => hook(definition, agent, owner, name, method)),
      ),
  };
}

function hook(definition: Rpc, agent: AgentPort, owner: Owner, name: string, method: RpcMethod): void {
  if ('handler' in method) hookHandler(definition, agent, owner, name, method);
  else if ('delivers' in method) hookDelivery(definition, agent, owner, name, method);
  else if ('iterates' in method) hookIteration(definition, agent, owner, name, method);
  else if ('sends' in method) hookSending(definition, agent, owner, name, method);
  else hookMethod(owner, name, callHook(definition, agent, owner, name, method));
}
