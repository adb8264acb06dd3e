// Hooks the parts of Node that are too expensive to load only for the hook.
import { tracing } from '../../trace/trace.js';
import { onChannel } from '../channel.js';
import { createGuard, guarded } from '../guard.js';
import type { AgentPort } from '../port.js';

/** A part of Node that costs tens of milliseconds to load. It is hooked only if the application has loaded it. */
export interface LateBuiltin {
  readonly module: string;
  /** Patches it, including what the application took from it earlier. */
  install(agent: AgentPort): void;
}

/**
 * Hooks parts of Node once they are loaded and a trace is live: nothing can make a point before that.
 *
 * @returns `whenLive`, to be called when the first trace begins, and `whenIdle`, when the last one has ended
 */
export function hookLateBuiltins(
  builtins: readonly LateBuiltin[],
  agent: AgentPort,
): {
  readonly whenLive: () => void;
  readonly whenIdle: () => void;
} {
  const waiting = new Map(builtins.map((builtin) => [builtin.module, builtin]));

  function install(module: string): void {
    const builtin = waiting.get(module);
    if (builtin === undefined || !waiting.delete(module)) return;
    const guard = createGuard(module);
    const isDone = guarded(guard, () => {
      builtin.install(agent);
      return true;
    });
    // The cause of the failure may pass, so the part is tried again.
    if (isDone !== true && !guard.off) waiting.set(module, builtin);
  }

  const installLoaded = (): void => {
    // A copy of the keys is needed: a part that cannot be hooked now is put into the map again.
    const modules = [...waiting.keys()];
    for (const module of modules) if (isLoaded(module)) install(module);
  };
  // A channel with a subscriber costs every request something, and the application may never be traced again.
  let unsubscribe: (() => void) | undefined;
  const whenLive = (): void => {
    installLoaded();
    if (waiting.size === 0) return;
    // Only what is required from the first trace on needs this: earlier modules are found by now.
    const { watchRequires } = require('./watch-requires.js') as typeof import('./watch-requires.js');
    watchRequires((id) => {
      if (tracing.live > 0 && waiting.size > 0) install(String(id).replace(/^node:/, ''));
    });
    // An `import` of an ES module is noticed at its first use. Before Node 22 there is no such channel.
    unsubscribe ??= onChannel('http2.client.stream.created', installLoaded);
  };
  const whenIdle = (): void => {
    unsubscribe?.();
    unsubscribe = undefined;
  };
  return { whenLive, whenIdle };
}

/**
 * Whether Node has loaded a part of itself, by its own list. The list is not documented, and has existed since
 * version 0.x.
 */
function isLoaded(module: string): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${module}`) === true;
}
