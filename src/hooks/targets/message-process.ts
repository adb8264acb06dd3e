// Messages in the child process that gets them: `message-processes.ts` has the sender's side.
import type { VerifiedTrace } from '../../trace/signing.js';
import type { Callback } from '../calls/call.js';
import { createGuard, guarded } from '../guard.js';
import { underlay } from '../patch.js';
import type { AgentPort } from '../port.js';
import { isInternal, traceCommand } from './child-messages.js';
import { newReceiver } from './message-receiver.js';
import { signedIn } from './rpc-callee.js';

/** Hooks the events by which this process gets messages of the process that has started it. */
export function messagesOfProcess(agent: AgentPort): void {
  const guard = createGuard('messages of a process');
  const receiver = newReceiver('process', String(process.pid), guard);
  let next: VerifiedTrace | undefined;
  // Node keeps messages for which there is no listener, but not its own: then the two do not stand together.
  let settling = 0;
  const hasListener = (): boolean => settling === 0 && process.listenerCount('message') > 0;

  function settle(): void {
    next = undefined;
    settling++;
    process.nextTick(() => settling--);
  }

  const original = process.emit as unknown as Callback;
  // It has one named parameter, like Node's own.
  function emit(this: unknown, event: unknown): unknown {
    const args = arguments as unknown as unknown[];
    if (event === 'message') {
      const traced = next;
      const isAtRest = receiver.came(traced);
      next = undefined;
      return traced === undefined || guard.off
        ? Reflect.apply(original, this, args)
        : receiver.deliver(traced, isAtRest, original, this, args);
    }
    if (event === 'internalMessage' && isOurs(args[1])) {
      const { trace } = args[1];
      next = guarded(guard, () => (hasListener() ? signedIn(agent, trace) : undefined));
      return true;
    }
    const result = Reflect.apply(original, this, args);
    // Node gives the listener what it has kept in a tick that it asks for here.
    if (event === 'newListener' && args[1] === 'message') settle();
    return result;
  }
  Object.defineProperty(process, 'emit', { value: emit, configurable: true, writable: true });

  underlay(
    process as { send: unknown },
    'send',
    (send) =>
      function (this: unknown, message: unknown) {
        const result = Reflect.apply(send, this, arguments as unknown as unknown[]);
        if (!isInternal(message)) receiver.answered();
        return result;
      },
  );
}

const isOurs = (message: unknown): message is { readonly trace?: unknown } =>
  (Object(message) as { readonly cmd?: unknown }).cmd === traceCommand;
