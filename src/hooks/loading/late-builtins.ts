import { tracing } from '../../trace/trace.js';
import { onChannel } from '../channel.js';
import { createGuard, guarded } from '../guard.js';
import { Module } from './node-module.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';

/** A part of Node that costs tens of milliseconds to load: hooked only if the application has loaded it. */
export interface LateBuiltin {
  readonly module: string;
  /** Patches it; what the application took from it before is patched as well. */
  install(agent: AgentPort): void;
}

/**
 * Hooks parts of Node once they are loaded and a trace is live: nothing before that can make a point.
 *
 * @returns `whenLive` to be called when the first trace begins, `whenIdle` when the last one has ended
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
    // What keeps it from that may pass.
    if (isDone !== true && !guard.off) waiting.set(module, builtin);
  }

  const installLoaded = (): void => {
    // Not the map itself: what can't be hooked now is put into it again.
    const modules = [...waiting.keys()];
    for (const module of modules) if (isLoaded(module)) install(module);
  };
  // A channel with a subscriber costs each request of an application that may never be traced again.
  let unsubscribe: (() => void) | undefined;
  const whenLive = (): void => {
    installLoaded();
    if (waiting.size === 0) return;
    // From the first trace on: what is required before that is found by now.
    watchRequires((id) => {
      if (tracing.live > 0 && waiting.size > 0) install(String(id).replace(/^node:/, ''));
    });
    // An `import` of an ES module is seen by its first use. Before Node 22 there is no such channel.
    unsubscribe ??= onChannel('http2.client.stream.created', installLoaded);
  };
  const whenIdle = (): void => {
    unsubscribe?.();
    unsubscribe = undefined;
  };
  return { whenLive, whenIdle };
}

/** Tells of what was required; `patch` sees to it that it is done once. */
function watchRequires(tell: (id: unknown) => void): void {
  const watch = (owner: object, method: string): void =>
    patch(
      owner as Record<string, unknown>,
      method,
      (original) =>
        function (this: unknown) {
          const args = arguments as unknown as unknown[];
          const result = Reflect.apply(original, this, args);
          tell(args[0]);
          return result;
        },
    );
  watch(Module.prototype, 'require');
  watch(process, 'getBuiltinModule');
}

/** Node's own list of what it has loaded of itself; not in its documentation, and there since version 0.x. */
function isLoaded(module: string): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${module}`) === true;
}
