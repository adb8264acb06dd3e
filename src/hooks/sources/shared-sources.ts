// Hooks sources that outlive the request that made them and then serve others: connections, servers, ports,
// intervals, watchers. Node calls their listeners in the context in which the source was made. While something is
// traced, they are therefore made in nobody's place. What a request does in such a callback is not recorded, but no
// other request's work appears in its trace.
import { nobody, runIn } from '../../trace/context.js';
import { type Stamp, createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import type { LateBuiltin } from '../loading/late-builtins.js';
import { createGuard, guarded } from '../guard.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';

const live = (): typeof import('./live-sources.js') =>
  require('./live-sources.js') as typeof import('./live-sources.js');

/**
 * The method by which Node hands a message to a port, including those of workers, `parentPort` and broadcast
 * channels.
 */
export const dispatch: unique symbol = Symbol.for('nodejs.internal.kHybridDispatch') as never;

/** Ports whose messages are known to be for one request each. */
export const knownPorts: Stamp<true> = createStamp();

/** Hooks, when the agent starts, functions that applications take out of their modules. */
export function hookMadeSources(): void {
  const fs = require('node:fs') as typeof import('node:fs');
  const timers = require('node:timers') as typeof import('node:timers');
  const isGlobal = globalThis.setInterval === timers.setInterval;
  makeShared(fs, 'watch');
  makeShared(fs, 'watchFile');
  makeShared(timers, 'setInterval');
  if (isGlobal) globalThis.setInterval = timers.setInterval;
}

/**
 * Hooks, when the first trace begins, methods that are looked up at each call.
 *
 * @param ownPort gives a port whose messages belong to the thread
 */
export const hookLiveSources = (ownPort: () => unknown, agent: AgentPort): void =>
  live().hookLiveSources(ownPort, agent);

/** Parts of Node that few applications load. */
export const lateSources: readonly LateBuiltin[] = [
  { module: 'tls', install: () => live().hookTls() },
  { module: 'dgram', install: () => live().hookDatagrams() },
];

/**
 * Makes a method run in nobody's place: what it makes calls back there.
 *
 * @param note sees each call while a trace is live
 */
export function makeShared<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  note?: (self: unknown, args: readonly unknown[]) => void,
): void {
  const guard = createGuard(method);
  patch(
    owner,
    method,
    (original) =>
      function (this: unknown) {
        const args = arguments as unknown as unknown[];
        if (tracing.live === 0) return Reflect.apply(original, this, args);
        if (note !== undefined) guarded(guard, () => note(this, args));
        return runIn(nobody(), original, this, args);
      },
  );
}
