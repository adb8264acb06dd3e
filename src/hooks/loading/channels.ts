// Subscribes, while a trace is live, to the channels on which packages publish their calls.
import { type PublishedHook, subscribe } from '../calls/published.js';
import { createGuard, guarded } from '../guard.js';
import type { AgentPort } from '../port.js';
import type { ChannelHooks, FirstMessage } from './awaited-channels.js';
import type { Hookable } from './modules.js';

/**
 * Prepares the subscriptions to the channels of packages.
 *
 * @param first a message that begins a call, and that no subscription has seen
 */
export function hookChannels(
  packages: readonly Hookable[],
  agent: AgentPort,
  first?: FirstMessage,
): ChannelHooks {
  const guards = new Map(packages.map((each) => [each, createGuard(each.package)] as const));
  const hooks = new Map<Hookable, readonly PublishedHook[]>();
  const subscriptions = new Map<Hookable, readonly (() => void)[]>();
  let unseen = first;
  const whenLive = (): void => {
    for (const [each, guard] of guards) {
      if (subscriptions.has(each)) continue;
      guarded(guard, () => {
        if (!hooks.has(each)) hooks.set(each, each.load().channels?.(agent) ?? []);
        const { channel: begun, message } = unseen ?? {};
        unseen = undefined;
        subscriptions.set(
          each,
          hooks.get(each)!.map((hook) => subscribe(hook, hook.channel === begun ? message : undefined)),
        );
      });
    }
  };
  const whenIdle = (): void => {
    for (const each of subscriptions.values()) for (const unsubscribe of each) unsubscribe();
    subscriptions.clear();
  };
  return { whenLive, whenIdle };
}
