// Listens to the channels of Node's `diagnostics_channel`.
import { channel } from 'node:diagnostics_channel';

import { createGuard } from './guard.js';

// Before Node 22, `subscribe` keeps only a weak reference to a channel that nobody else holds, and a channel that is
// collected forgets its subscribers.
const channels = new Set<unknown>();

/**
 * Listens to a channel under a guard: an error that a subscriber throws would be an uncaught exception.
 *
 * @returns ends the subscription
 */
export function onChannel<Message>(name: string, listener: (message: Message) => void): () => void {
  const guard = createGuard(`the channel ${name}`);
  const source = channel(name);
  channels.add(source);
  const subscriber = (message: unknown): void => {
    if (guard.off) return;
    // `guarded` is not used here: it would need a function for each message, even while nothing is traced.
    try {
      listener(message as Message);
    } catch (error) {
      guard.fail(error);
    }
  };
  source.subscribe(subscriber);
  return () => source.unsubscribe(subscriber);
}
