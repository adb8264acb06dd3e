import { channel } from 'node:diagnostics_channel';

import { createGuard } from './guard.js';

// `subscribe` keeps only a weak reference to a channel that nobody else holds (before Node 22), and a
// channel that is collected forgets its subscribers.
const channels = new Set<unknown>();

/**
 * Listens to a channel under a guard: what a subscriber throws would be an uncaught exception.
 *
 * @returns ends it
 */
export function onChannel<Message>(name: string, listener: (message: Message) => void): () => void {
  const guard = createGuard(`the channel ${name}`);
  const source = channel(name);
  channels.add(source);
  const subscriber = (message: unknown): void => {
    if (guard.off) return;
    // Not `guarded`: a function for each message would be made while nothing is traced.
    try {
      listener(message as Message);
    } catch (error) {
      guard.fail(error);
    }
  };
  source.subscribe(subscriber);
  return () => source.unsubscribe(subscriber);
}
