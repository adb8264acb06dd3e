// The composition root: it alone knows every room, and connects them.
import { basename, dirname, extname, join } from 'node:path';
import { isMainThread, parentPort } from 'node:worker_threads';

import { type NodeTarget, packageTargets } from '../instrumentations/targets.js';
import { type Rings, createPort } from './agent-port.js';
import {
  type Builtin,
  builtinsOf,
  channelsOf,
  hookImports,
  hookThread,
  install,
  named,
  pointsOf,
} from './agent-targets.js';
import {
  type Config,
  type ConfigResult,
  diagnosisVariable,
  driverSettings,
  readConfig,
  spoolSettings,
  startOf,
} from './config/config.js';
import type { Diagnoser } from './diagnosis/diagnose.js';
import { splitConnections } from './drivers/schemes.js';
import type { BundleMark } from './diagnosis/bundles.js';
import type { Exporter } from './export/exporter.js';
import { isShared, openRing } from './export/ring.js';
import { waitFor } from './export/waiting.js';
import { watchProcessEnd } from './export/process-end.js';
import { createGuard, guarded, shortages } from './hooks/guard.js';
import { type HookReports, type Hookable, hookModules } from './hooks/loading/modules.js';
import { Module } from './hooks/loading/node-module.js';
import { hookLateBuiltins } from './hooks/loading/late-builtins.js';
import { hookLiveSources, hookMadeSources, lateSources } from './hooks/sources/shared-sources.js';
import type { AgentPort } from './hooks/port.js';
import { type Handover, describeEnd, startProcess, startThread, takeHandover } from './root-point.js';
import { lifecycle, setLinger } from './trace/trace.js';
import { notice } from './trace/notice.js';
import { type Point, connect, stopPoint } from './trace/point.js';
import { createProfiler, publishProfiler } from './trace/profiler.js';
import { findUnseenBy } from './trace/unseen.js';
import { type Verifier, createVerifier } from './propagation/verify.js';

// Exported for tests, because in the bundle these modules have no file of their own.
export { current } from './trace/context.js';
export { listeners, tracing } from './trace/trace.js';

/**
 * Starts the agent in this thread, once.
 *
 * @param preload the absolute path of `register`, in the form in which threads are given it
 */
export function start(preload: string): void {
  const handover = takeHandover(preload);
  const folder = dirname(preload);
  if (handover === undefined && isTool(process.argv[1], folder)) return;
  const read: Pick<ConfigResult, 'config'> & Partial<ConfigResult> = handover ?? readEnvironment();
  const { config } = read;
  if (!config.enabled) return;
  const verifier = createVerifier(config);
  const verify: AgentPort['verify'] = (headers) => agent.verify(headers);
  if (!publishProfiler(createProfiler(verify, verifier.trust))) return;

  setLinger(config.linger);
  // Made for the first trace, because most processes never need what it loads.
  let made: Exporter | undefined;
  const rings: Rings = { own: handover?.ring };
  const exporter = (): Exporter => (made ??= connectExporter(config, folder, rings.own));
  const waiting = waitFor(exporter);
  let root: Point | undefined;
  let tellLate: (() => void) | undefined;
  const watch = watchProcessEnd(
    (out) => {
      if (root !== undefined) stopPoint(root, describeEnd(out));
      tellLate?.();
      waiting.report();
      made?.flush(config.exitTimeout, true);
    },
    () => made?.flush(config.exitTimeout, false),
    () => made?.hasUnsent() ?? waiting.hasLost(),
    (error) => createGuard('the end of the process').fail(error),
  );
  const packages = packageTargets.filter(({ option }) => config[option]);
  const marks = packages.flatMap(({ package: name, mark }) =>
    mark === undefined ? [] : { name, text: mark },
  );
  const script = isMainThread ? startOf(process.env).script : undefined;
  const diagnoser = createDiagnoser(read, script, marks, verifier);
  const agent = createPort(
    config,
    exporter,
    preload,
    diagnoser?.verify ?? verifier.verify,
    rings,
    ownPort(handover),
  );
  const hooked = new Set<string>();
  findUnseenBy(() => guarded(createGuard('unseen libraries'), () => unseenAmong(hooked)) ?? []);
  const builtins = builtinsOf(config);
  const due = (when: NodeTarget['when']): Builtin[] => builtins.filter((each) => each.when === when);
  const late = hookLateBuiltins([...due('once loaded'), ...lateSources], agent);
  // Nothing else tells that the calls of a bundled package are missing in the traces.
  let inspectOnce = (): void => {
    const missing = marks.filter(({ name }) => !hooked.has(name));
    if (script !== undefined) exporter().inspect(script, missing);
    inspectOnce = () => {};
  };
  let hookShared = (): void => {
    hookLiveSources(agent.ownPort, agent);
    hookShared = () => {};
  };
  let later = due('at the first trace');
  const points = pointsOf(config);
  if (points !== undefined) diagnoser?.onPoints(points.report);
  const hookables: readonly Hookable[] = [...packages, ...named(config), ...(points?.targets ?? [])];
  const published = channelsOf(hookables, agent);
  let hookLoaded = (): void => {};
  const prepare = inTurn({
    'the exporter': waiting.connect,
    'the end of the process': watch.arm,
    'what is left out': () =>
      ({ tellLate } = require('./trace/left-out.js') as typeof import('./trace/left-out.js')),
    'garbage collection': () => config.traceGc && observe(true),
    'what requests share': () => hookShared(),
    'what is loaded': () => hookLoaded(),
    'what is loaded of Node': late.whenLive,
    'what publishes': () => {
      later = install(later, agent);
      published.whenLive();
    },
    'what is bundled': () => inspectOnce(),
    'what is set late': () => {
      const text = isMainThread ? read.late?.() : undefined;
      if (text !== undefined) notice(text);
    },
  });
  lifecycle.onFirst.push(prepare);
  // A service that is traced all the time has no other first trace. Steps that failed because of a shortage are
  // therefore tried again until nothing fails.
  let seen = 0;
  lifecycle.onTick.push(() => {
    if (seen === shortages.seen) return;
    seen = shortages.seen;
    prepare();
  });
  lifecycle.onLast.push(
    inTurn({
      'the end of the process': watch.disarm,
      'garbage collection': () => config.traceGc && observe(false),
      'what is loaded of Node': late.whenIdle,
      'what publishes': published.whenIdle,
    }),
  );
  root = handover === undefined ? startProcess(config) : startThread(handover);
  if (root !== undefined) verifier.trust(root.context.trace);

  guarded(createGuard('what requests share'), hookMadeSources);
  install(due('at the start'), agent);
  const reports: HookReports = {
    onHooked(name, version, file) {
      hooked.add(name);
      diagnoser?.reports.onHooked(name, version, file);
    },
    onSkipped: (...skipped) => diagnoser?.reports.onSkipped(...skipped),
  };
  const { hookLoaded: hookRest, hookImported } = hookModules(hookables, agent, reports);
  hookLoaded = hookRest;
  hookImports(hookables, folder, hookImported, points?.imports);
  // Node names the thread's main file in `process.argv` after what `--require` loads, and before the file runs.
  const its = isMainThread ? [] : hookables.filter(({ threadMain }) => threadMain !== undefined);
  if (its.length > 0) queueMicrotask(() => hookThread(its, agent));
  // Named imports of ES modules are bindings of their own: from here on they see the patches.
  Module.syncBuiltinESMExports();
}

/**
 * The port on which messages to a thread arrive, for as long as only the trace that made the thread posts to it.
 */
function ownPort(handover: Handover | undefined): () => unknown {
  if (handover === undefined) return () => undefined;
  const ring = openRing(handover.ring);
  return () => (isShared(ring) ? undefined : parentPort);
}

/** The libraries that no hook sees. What that needs is loaded when the first trace ends. */
function unseenAmong(hooked: ReadonlySet<string>): readonly string[] {
  const { unseenClients } = require('./diagnosis/clients.js') as typeof import('./diagnosis/clients.js');
  return unseenClients(hooked);
}

/** Observes V8's collections of garbage, or no more. What that needs is loaded for the first trace. */
function observe(isLive: boolean): void {
  const { observeCollections } = require('./trace/collections.js') as typeof import('./trace/collections.js');
  observeCollections(isLive);
}

/** The exporter of this thread. Its points go there from now on. */
function connectExporter(config: Config, folder: string, ring: SharedArrayBuffer | undefined): Exporter {
  const { createExporter } = require('./export/exporter.js') as typeof import('./export/exporter.js');
  const exporter = createExporter(
    splitConnections(config.connectionString),
    { drivers: driverSettings(config), spool: spoolSettings(config) },
    join(folder, 'src/export/worker.js'),
    () => process.env,
    ring,
  );
  connect(exporter.write);
  return exporter;
}

/** Takes steps one after the other. A step that fails does not keep the others from being taken. */
function inTurn(steps: Readonly<Record<string, () => void>>): () => void {
  const guards = Object.entries(steps).map(([what, step]) => [createGuard(what), step] as const);
  return () => {
    for (const [guard, step] of guards) guarded(guard, step);
  };
}

function createDiagnoser(
  read: Partial<ConfigResult> & Pick<ConfigResult, 'config'>,
  script: string | undefined,
  marks: readonly BundleMark[],
  verifier: Verifier,
): Diagnoser | undefined {
  const file = process.env[diagnosisVariable];
  if (!isMainThread || (!read.config.debug && file === undefined)) return undefined;
  const { diagnose } = require('./diagnosis/diagnose.js') as typeof import('./diagnosis/diagnose.js');
  return diagnose(read as ConfigResult, file, script, marks, verifier);
}

/**
 * With NODE_OPTIONS, package managers and our own command are preloaded too. They are left alone; a process that
 * they start finds the variables of the context and takes part.
 */
function isTool(script: string | undefined, folder: string): boolean {
  if (script === undefined) return false;
  const extension = extname(script);
  const name = basename(script, extension);
  return (
    (tools.has(name.endsWith('-cli') ? name.slice(0, -4) : name) && /^(?:\.[cm]?js)?$/.test(extension)) ||
    (name === 'main' && script === join(folder, 'src/cli/main.js'))
  );
}

const tools: ReadonlySet<string> = new Set(['npm', 'npx', 'yarn', 'pnpm', 'corepack', 'ostrace']);

function readEnvironment(): ConfigResult {
  const read = readConfig(process.env);
  if (isMainThread) for (const problem of read.problems) notice(problem);
  return read;
}
