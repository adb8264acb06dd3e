// Waits for the first message on the channels of packages that are hooked by nothing else: an ES module that publishes
// shows in no other way. Until then nothing of the target is loaded.
import { onChannel } from '../channel.js';
import type { Hookable } from './modules.js';

/** Subscriptions for as long as a trace is live. */
export interface ChannelHooks {
  /** The first trace begins. */
  whenLive(): void;
  /** The last trace has ended. */
  whenIdle(): void;
}

/** A message that begins a call. */
export interface FirstMessage {
  readonly channel: string;
  readonly message: object;
}

/**
 * Prepares the subscriptions to the channels that rows of the table name.
 *
 * @param hook prepares the hooks of all channels of a package, which begin with the message that was the first one
 */
export function awaitChannels(
  packages: readonly Hookable[],
  hook: (each: Hookable, first: FirstMessage) => ChannelHooks,
): ChannelHooks {
  const waiting = new Map<Hookable, readonly (() => void)[]>();
  const hooked = new Map<Hookable, ChannelHooks>();
  const forget = (each: Hookable): void => {
    for (const unsubscribe of waiting.get(each) ?? []) unsubscribe();
    waiting.delete(each);
  };
  return {
    whenLive() {
      for (const each of packages) {
        const known = hooked.get(each);
        known?.whenLive();
        if (known !== undefined || waiting.has(each)) continue;
        const subscriptions = each.channels!.map((channel) =>
          onChannel<object>(`tracing:${channel}:start`, (message) => {
            if (hooked.has(each)) return;
            forget(each);
            const hooks = hook(each, { channel, message });
            hooked.set(each, hooks);
            hooks.whenLive();
          }),
        );
        waiting.set(each, subscriptions);
      }
    },
    whenIdle() {
      for (const each of waiting.keys()) forget(each);
      for (const hooks of hooked.values()) hooks.whenIdle();
    },
  };
}
