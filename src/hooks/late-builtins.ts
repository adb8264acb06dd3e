import { tracing } from '../trace/context.js';
import { onChannel } from './channel.js';
import { createGuard, guarded } from './guard.js';
import { amongOwnModules } from './own-modules.js';
import type { Settings } from './settings.js';

/** A part of Node that costs tens of milliseconds to load: hooked only if the application has loaded it. */
export interface LateBuiltin {
  readonly module: string;
  /** Patches it; what the application took from it before is patched as well. */
  install(settings: Settings): void;
}

/**
 * Hooks parts of Node once they are loaded and a trace is live: nothing before that can make a point.
 *
 * @returns `whenLive` to be called when the first trace begins, `whenIdle` when the last one has ended, and
 *   what to call when one of them is required; an `import` of an ES module is seen by its first use
 */
export function hookLateBuiltins(
  builtins: readonly LateBuiltin[],
  settings: Settings,
): {
  readonly whenLive: () => void;
  readonly whenIdle: () => void;
  readonly onRequire: ReadonlyMap<string, () => void>;
} {
  const waiting = new Map(builtins.map((builtin) => [builtin.module, builtin]));

  function install(module: string): void {
    const builtin = waiting.get(module);
    if (builtin === undefined || !waiting.delete(module)) return;
    guarded(createGuard(module), () => amongOwnModules(() => builtin.install(settings)));
  }

  const installLoaded = (): void => {
    for (const module of waiting.keys()) if (isLoaded(module)) install(module);
  };
  // A channel with a subscriber costs each request of an application that may never be traced again.
  let unsubscribe: (() => void) | undefined;
  const whenLive = (): void => {
    installLoaded();
    // Before Node 22 there is no such channel.
    if (waiting.size > 0) unsubscribe ??= onChannel('http2.client.stream.created', installLoaded);
  };
  const whenIdle = (): void => {
    unsubscribe?.();
    unsubscribe = undefined;
  };
  const onRequire = new Map(
    builtins.map(({ module }) => [module, () => void (tracing.live > 0 && install(module))] as const),
  );
  return { whenLive, whenIdle, onRequire };
}

/** Node's own list of what it has loaded of itself; not in its documentation, and there since version 0.x. */
function isLoaded(module: string): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${module}`) === true;
}
