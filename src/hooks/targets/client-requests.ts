// Tells of each request of Node's HTTP/1 client, before anything of it is sent.
import type { ClientRequest } from 'node:http';

import { tracing } from '../../trace/trace.js';
import { onChannel } from '../channel.js';
import { type Guard, guarded } from '../guard.js';
import { patch } from '../patch.js';
import { standsFor } from './peer.js';

// Since 22.12 and 23.2.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hasCreatedChannel = major > 23 || (major === 23 && minor >= 2) || (major === 22 && minor >= 12);

/** Calls a listener once for each new request while a trace is live. */
export function onClientRequest(guard: Guard, listener: (request: ClientRequest) => void): void {
  if (hasCreatedChannel) {
    onChannel<{ request: ClientRequest }>('http.client.request.created', ({ request }) => {
      if (tracing.live > 0) listener(request);
    });
    return;
  }
  const seen = new WeakSet<ClientRequest>();
  watchClass((request) => {
    if (tracing.live === 0 || seen.has(request)) return;
    seen.add(request);
    guarded(guard, () => listener(request));
  });
}

type AddRequest = (request: ClientRequest, ...rest: unknown[]) => unknown;

/**
 * Tells of requests where no channel does. All requests are of one class, whose constructor ends by calling one of two
 * methods. So those are seen too whose function an application took out of `http` or `https` before, and `https`,
 * which costs 3 to 7 ms, need not be loaded.
 */
function watchClass(tell: (request: ClientRequest) => void): void {
  const { Agent, ClientRequest } = require('node:http') as typeof import('node:http');
  const agents = Agent.prototype as import('node:http').Agent & { addRequest: AddRequest };
  patch(agents, 'addRequest', (original) => {
    const wrapper = function (this: unknown): unknown {
      const args = arguments as unknown as Parameters<AddRequest>;
      const result = Reflect.apply(original, this, args);
      tell(args[0]);
      return result;
    };
    standsFor(wrapper, original);
    return wrapper;
  });
  // The constructor calls it where there is no agent; agents of another kind call it once they are connected.
  patch(
    ClientRequest.prototype,
    'onSocket',
    (original) =>
      function () {
        const { agent } = this as { agent?: { addRequest?: unknown } };
        if (agent?.addRequest !== agents.addRequest) tell(this as ClientRequest);
        return Reflect.apply(original, this, arguments as unknown as unknown[]);
      },
  );
}
