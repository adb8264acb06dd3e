// The composition root: it alone knows every room.
import { basename, dirname, extname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

import { builtins, lateBuiltins, laterBuiltins, packages } from '../instrumentations/index.js';
import {
  type Config,
  diagnosisVariable,
  driverSettings,
  readConfig,
  spoolSettings,
} from './config/config.js';
import type { OptionName } from './config/options.js';
import type { Diagnoser } from './diagnose.js';
import { splitConnections } from './drivers/schemes.js';
import type { BundleMark } from './export/bundles.js';
import type { Exporter } from './export/exporter.js';
import { waitFor } from './export/waiting.js';
import { watchWayOut } from './export/way-out.js';
import { destinations } from './hooks/destinations.js';
import { createGuard, guarded } from './hooks/guard.js';
import { type HookReports, hookModules } from './hooks/modules.js';
import { Module } from './hooks/node-module.js';
import { hookLateBuiltins } from './hooks/late-builtins.js';
import type { Settings } from './hooks/settings.js';
import {
  type Handover,
  describeEnd,
  leaveHandover,
  startProcess,
  startThread,
  takeHandover,
} from './root-point.js';
import { lifecycle, onceEnded } from './trace/trace.js';
import { traceHeaders, verifyHeaders } from './trace/headers.js';
import { notice } from './trace/notice.js';
import { type Point, connect, stopPoint } from './trace/point.js';
import { createProfiler, publishProfiler } from './trace/profiler.js';

// What tests look at: in the bundle these have no file of their own.
export { current } from './trace/context.js';
export { tracing } from './trace/trace.js';

/**
 * Starts the agent in this thread, once.
 *
 * @param preload the absolute path of `register`, in the form in which threads are given it
 */
export function start(preload: string): void {
  const handover = takeHandover(preload);
  const folder = dirname(preload);
  if (handover === undefined && isTool(process.argv[1], folder)) return;
  const config = handover?.config ?? readEnvironment();
  if (!config.enabled || !publishProfiler(createProfiler(isTimed(config)))) return;

  // Made for the first trace: what it needs of Node and of the settings, most processes never ask for.
  let made: Exporter | undefined;
  const exporter = (): Exporter => (made ??= connectExporter(config, folder, handover?.ring));
  const waiting = waitFor(exporter);
  let root: Point | undefined;
  const watch = watchWayOut(
    (out) => {
      if (root !== undefined) stopPoint(root, describeEnd(out));
      waiting.report();
      made?.flush(config.exitTimeout, true);
    },
    () => made?.flush(config.exitTimeout, false),
    () => made?.hasUnsent() ?? waiting.hasLost(),
    (error) => createGuard('the end of the process').fail(error),
  );
  const lazyRows = enabled(packages, config);
  const marks = lazyRows.map(({ mark }) => mark);
  const script = isMainThread ? process.argv[1] : undefined;
  const diagnoser = createDiagnoser(config, script, marks);
  const settings = createSettings(config, exporter, preload, diagnoser);
  const hooked = new Set<string>();
  const late = hookLateBuiltins(enabled(lateBuiltins, config), settings);
  // Of a bundled package nothing else tells that its calls are missing in the traces.
  let inspectOnce = (): void => {
    const missing = marks.filter(({ name }) => !hooked.has(name));
    if (script !== undefined) exporter().inspect(script, missing);
    inspectOnce = () => {};
  };
  let later: Hooks = laterBuiltins;
  let hookLoaded = (): void => {};
  lifecycle.onFirst.push(
    inTurn({
      'the exporter': waiting.connect,
      'the end of the process': watch.arm,
      'what is loaded': () => hookLoaded(),
      'what is loaded of Node': late.whenLive,
      'what publishes': () => (later = install(later, config, settings)),
      'what is bundled': () => inspectOnce(),
    }),
  );
  lifecycle.onLast.push(
    inTurn({
      'the end of the process': watch.disarm,
      'what is loaded of Node': late.whenIdle,
    }),
  );
  root = handover === undefined ? startProcess(config) : startThread(handover);

  install(builtins, config, settings);
  const reports: HookReports = {
    onHooked(name, version, file) {
      hooked.add(name);
      diagnoser?.reports.onHooked(name, version, file);
    },
    onSkipped: (...skipped) => diagnoser?.reports.onSkipped(...skipped),
  };
  hookLoaded = hookModules(lazyRows, settings, reports);
  // Named imports of ES modules are bindings of their own: they see the patches from here on.
  Module.syncBuiltinESMExports();
}

/** The exporter of this thread; its points go there from now on. */
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

/** Takes steps one after the other; one that fails keeps none of the others from being taken. */
function inTurn(steps: Readonly<Record<string, () => void>>): () => void {
  const guards = Object.entries(steps).map(([what, step]) => [createGuard(what), step] as const);
  return () => {
    for (const [guard, step] of guards) guarded(guard, step);
  };
}

function createDiagnoser(
  config: Config,
  script: string | undefined,
  marks: readonly BundleMark[],
): Diagnoser | undefined {
  if (!isMainThread) return undefined;
  const file = process.env[diagnosisVariable];
  // It is about this process: those that it starts must not write there too.
  delete process.env[diagnosisVariable];
  if (!config.debug && file === undefined) return undefined;
  const { diagnose } = require('./diagnose.js') as typeof import('./diagnose.js');
  return diagnose(config, file, script, marks);
}

type Hooks = Readonly<Record<string, (settings: Settings) => void>>;

/**
 * Hooks the targets of a table that the configuration has switched on.
 *
 * @returns those that could not be hooked now, and may be later
 */
function install(table: Hooks, config: Config, settings: Settings): Hooks {
  const left: Record<string, (settings: Settings) => void> = {};
  for (const [option, hook] of Object.entries(table)) {
    if (config[option as OptionName] !== true) continue;
    const guard = createGuard(option);
    const isDone = guarded(guard, () => {
      hook(settings);
      return true;
    });
    if (isDone !== true && !guard.off) left[option] = hook;
  }
  return left;
}

/** The rows of a table of instrumentations that the configuration has switched on. */
function enabled<Row>(table: Readonly<Record<string, Row>>, config: Config): Row[] {
  return Object.entries(table)
    .filter(([option]) => config[option as OptionName] === true)
    .map(([, row]) => row);
}

/**
 * Under NODE_OPTIONS package managers are preloaded too, and our own command is. They are left alone; what
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

function readEnvironment(): Config {
  const { config, problems } = readConfig(process.env);
  if (isMainThread) for (const problem of problems) notice(problem);
  return config;
}

/** Who refuses what is old signs with the time, as the others that it talks to will ask for it. */
function isTimed({ hmacMaxAge }: Config): boolean {
  return hmacMaxAge !== undefined;
}

function createSettings(
  config: Config,
  exporter: () => Exporter,
  preload: string,
  diagnoser: Diagnoser | undefined,
): Settings {
  return {
    verify: diagnoser?.verify ?? ((headers) => verifyHeaders(headers, config.hmacKeys, config.hmacMaxAge)),
    headersFor: ({ trace, id }) =>
      traceHeaders({ base_id: trace.base_id, parent_id: id.text, hmac_key: trace.hmac_key }, isTimed(config)),
    traceSql: config.traceSql,
    traceSqlParams: config.traceSqlParams,
    maskSql: config.maskSql,
    traceCommandArgs: config.traceCommandArgs,
    carriesTo: destinations(config.propagateTo),
    preload,
    environment: () => process.env,

    processVariables(context, given) {
      const { childVariables } = require('./child-variables.js') as typeof import('./child-variables.js');
      return childVariables(config, context, given, (name) => process.env[name]);
    },

    handToThread({ trace, id }, execArgv) {
      const ring = exporter().handRing();
      const forget = onceEnded(trace, ring.endTrace);
      const handover: Handover = {
        config,
        base_id: trace.base_id,
        parent_id: id.text,
        hmac_key: trace.hmac_key,
        ring: ring.memory,
        execArgv,
      };
      leaveHandover(handover);
      return {
        isStarted: () => leaveHandover(undefined),
        close() {
          // The listener holds the ring's memory, and a trace may see many threads come and go.
          forget();
          ring.close();
        },
      };
    },
  };
}
