// Makes hooks of the contract of remote procedure calls and messages, `rpc({ … })`. The contract itself is in
// `rpc-contract.ts`; `rpc-caller.ts` hooks the caller's side, `rpc-callee.ts` and `rpc-iteration.ts` the callee's.
import { watch } from '../../trace/returned.js';
import { hookMethod } from '../calls/method.js';
import type { Instrumentation } from '../loading/modules.js';
import type { AgentPort } from '../port.js';
import { createGuard, guarded } from '../guard.js';
import { lookalike, patch } from '../patch.js';
import { type Owner, fileHook, nameOf } from './files.js';
import { hookDelivery, hookHandler } from './rpc-callee.js';
import { callHook, hookSending, publishedHook } from './rpc-caller.js';
import type { Given, Rpc, RpcFactory, RpcMethod } from './rpc-contract.js';
import { hookIteration } from './rpc-iteration.js';
import { hookRegistration } from './rpc-registration.js';

export type * from './rpc-contract.js';

/** Makes the instrumentation of a library for remote procedure calls or messages: `rpc` points on both sides. */
export function rpc(definition: Rpc): Instrumentation {
  return {
    hooks: (agent) =>
      definition.files.map((file) =>
        fileHook(file, agent, () => (owner, name, method) => hook(definition, agent, owner, name, method)),
      ),
    channels: () =>
      Object.entries(definition.channels ?? {}).map(([name, channel]) =>
        publishedHook(definition, name, channel),
      ),
  };
}

function hook(definition: Rpc, agent: AgentPort, owner: Owner, name: string, method: RpcMethod): void {
  if ('handler' in method) hookHandler(definition, agent, owner, name, method);
  else if ('delivers' in method) hookDelivery(definition, agent, owner, name, method);
  else if ('iterates' in method) hookIteration(definition, agent, owner, name, method);
  else if ('sends' in method) hookSending(definition, agent, owner, name, method);
  else if ('registers' in method) hookRegistration(definition, agent, owner, name, method);
  else if ('gives' in method) hookFactory(definition, agent, owner, name, method);
  else hookMethod(owner, name, callHook(definition, agent, owner, name, method));
}

/** Hooks the methods of what a method gives, before the application has it. */
function hookFactory(
  definition: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  { gives }: RpcFactory,
): void {
  const guard = createGuard(`${definition.library} ${nameOf(owner, name)}`);
  const hookGiven = (given: unknown, args: readonly unknown[]): void =>
    guarded(guard, () => {
      const all: readonly Given[] =
        typeof gives === 'function' ? gives(given, args) : [[given as object, gives]];
      for (const [its, methods] of all) {
        for (const [method, how] of Object.entries(methods)) {
          hook(definition, agent, its as Owner, method, how);
        }
      }
    });
  patch(owner, name, (original) =>
    lookalike(original, (self, args) => {
      const given: unknown = Reflect.apply(original, self, args);
      // A promise tells its first handler first, and that is ours.
      if (given instanceof Promise) {
        watch(
          given,
          (value) => hookGiven(value, args),
          () => {},
        );
      } else hookGiven(given, args);
      return given;
    }),
  );
}
