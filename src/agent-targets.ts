// Decides which targets are hooked, and when: a part of the composition root.
import { isMainThread } from 'node:worker_threads';

import { atStart } from '../instrumentations/index.js';
import { type NodeTarget, type StartOption, nodeTargets } from '../instrumentations/targets.js';
import { type Config, startOf } from './config/config.js';
import { namesPoints } from './config/points-source.js';
import { createGuard, guarded } from './hooks/guard.js';
import type { ChannelHooks, FirstMessage } from './hooks/loading/awaited-channels.js';
import type { Imports } from './hooks/loading/es-modules.js';
import { installedModules } from './hooks/loading/installed.js';
import type { Hookable } from './hooks/loading/modules.js';
import { Module } from './hooks/loading/node-module.js';
import type { AgentPort } from './hooks/port.js';
import type { PointsByName } from './points-by-name.js';
import { notice } from './trace/notice.js';

/** A part of Node, with what hooks it. */
export type Builtin = NodeTarget & { readonly install: (agent: AgentPort) => void };

/** The parts of Node that the configuration has hooked. */
export const builtinsOf = (config: Config): Builtin[] =>
  nodeTargets
    .filter(({ option }) => config[option])
    .map((target) => ({ ...target, install: target.install ?? atStart[target.option as StartOption] }));

/**
 * Hooks parts of Node.
 *
 * @returns the targets that could not be hooked now and may be later
 */
export function install(builtins: readonly Builtin[], agent: AgentPort): Builtin[] {
  return builtins.filter((each) => {
    const guard = createGuard(each.module);
    const isDone = guarded(guard, () => {
      each.install(agent);
      return true;
    });
    return isDone !== true && !guard.off;
  });
}

/** The channels of packages that the table names are awaited; those of the application's targets are not known yet. */
export function channelsOf(packages: readonly Hookable[], agent: AgentPort): ChannelHooks {
  const hook = (hooked: readonly Hookable[], first?: FirstMessage): ChannelHooks =>
    (require('./hooks/loading/channels.js') as typeof import('./hooks/loading/channels.js')).hookChannels(
      hooked,
      agent,
      first,
    );
  const prepareAll = (): readonly ChannelHooks[] => {
    const { awaitChannels } =
      require('./hooks/loading/awaited-channels.js') as typeof import('./hooks/loading/awaited-channels.js');
    const ofApplication = packages.filter(({ publishes }) => publishes === true);
    const awaited = packages.filter(({ channels }) => channels !== undefined);
    return [
      ...(ofApplication.length > 0 ? [hook(ofApplication)] : []),
      awaitChannels(awaited, (each, first) => hook([each], first)),
    ];
  };
  let all: readonly ChannelHooks[] | undefined;
  return {
    whenLive() {
      all ??= prepareAll();
      for (const each of all) each.whenLive();
    },
    whenIdle() {
      for (const each of all ?? []) each.whenIdle();
    },
  };
}

/**
 * Hooks the ES modules of packages, where such a package is installed. The hooks of Node's loader must be there before
 * the application is loaded, and they cost every application something.
 */
export function hookImports(
  packages: readonly Hookable[],
  folder: string,
  tell: Imports['tell'],
  others: readonly Imports[] = [],
): void {
  guarded(createGuard('imports'), () => {
    const files = installedModules(packages, startOf(process.env).script);
    if (files.length + others.length === 0) return;
    const { hookImports: hook, filesOf } =
      require('./hooks/loading/es-modules.js') as typeof import('./hooks/loading/es-modules.js');
    hook([{ paths: filesOf(files), names: [], tell }, ...others], folder);
  });
}

/** Hooks what a package runs in this thread, if it has made the thread. */
export function hookThread(packages: readonly Hookable[], agent: AgentPort): void {
  const main = process.argv[1]?.replaceAll('\\', '/') ?? '';
  for (const { package: name, threadMain, load } of packages) {
    if (!main.endsWith(`/${threadMain}`)) continue;
    guarded(createGuard(`the threads of ${name}`), () => load().thread?.(agent));
    Module.syncBuiltinESMExports();
  }
}

/** The points that a configuration names; undefined if there is none. */
export function pointsOf({ points }: Config): PointsByName | undefined {
  const { folder } = startOf(process.env);
  if (!namesPoints(points, folder)) return undefined;
  const { pointsByName } = require('./points-by-name.js') as typeof import('./points-by-name.js');
  return guarded(createGuard('points by name'), () => pointsByName(points, folder, isMainThread));
}

/** The application's own targets, which the configuration names. */
export function named({ instrumentations }: Config): readonly Hookable[] {
  if (instrumentations.length === 0) return [];
  const { namedTargets } =
    require('./hooks/loading/named-targets.js') as typeof import('./hooks/loading/named-targets.js');
  return namedTargets(instrumentations, notice);
}
