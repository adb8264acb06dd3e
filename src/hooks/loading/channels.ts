// The channels on which packages publish their calls: subscribed to while a trace is live.
import { type PublishedHook, subscribe } from '../calls/published.js';
import { createGuard, guarded } from '../guard.js';
import type { AgentPort } from '../port.js';
import type { Hookable } from './modules.js';

/**
 * Makes what subscribes to the channels of packages.
 *
 * @returns `whenLive` to be called when the first trace begins, `whenIdle` when the last one has ended
 */
export function hookChannels(
  packages: readonly Hookable[],
  agent: AgentPort,
): { readonly whenLive: () => void; readonly whenIdle: () => void } {
  const guards = new Map(packages.map((each) => [each, createGuard(each.package)] as const));
  const hooks = new Map<Hookable, readonly PublishedHook[]>();
  let subscriptions: (() => void)[] = [];
  const whenLive = (): void => {
    if (subscriptions.length > 0) return;
    for (const [each, guard] of guards) {
      guarded(guard, () => {
        if (!hooks.has(each)) hooks.set(each, each.load().channels?.(agent) ?? []);
        for (const hook of hooks.get(each)!) subscriptions.push(subscribe(hook));
      });
    }
  };
  const whenIdle = (): void => {
    for (const unsubscribe of subscriptions) unsubscribe();
    subscriptions = [];
  };
  return { whenLive, whenIdle };
}
