// The composition root: it alone knows every room.
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';

import { builtins, packages } from '../instrumentations/index.js';
import { type Config, contextVariables, readConfig } from './config/config.js';
import { type OptionName, variableName } from './config/options.js';
import { type Exporter, createExporter } from './export/exporter.js';
import { hasTraceEnded, openRing } from './export/ring.js';
import { type WayOut, watchWayOut } from './export/way-out.js';
import { destinations } from './hooks/destinations.js';
import { createGuard, guarded } from './hooks/guard.js';
import { hookModules } from './hooks/modules.js';
import type { Settings } from './hooks/settings.js';
import { type Context, beginTrace, lifecycle, rootContext, setThreadDefault } from './trace/context.js';
import type { Info } from './trace/event.js';
import { newId } from './trace/ids.js';
import { notice } from './trace/notice.js';
import { type Point, connect, startPoint, stopPoint } from './trace/point.js';
import { createProfiler, publishProfiler } from './trace/profiler.js';
import { signIds, verify } from './trace/signing.js';

/** What a thread that works for a trace gets from the one that started it. */
interface Handover {
  readonly config: Config;
  readonly base_id: string;
  readonly parent_id: string;
  readonly hmac_key: string;
  readonly ring: SharedArrayBuffer;
}

const handoverKey = 'ostrace';

// A worker thread that still boots takes up to 40 ms; what is longer is a store that hangs.
const flushTimeoutMs = 2000;

/**
 * Starts the agent in this thread, once.
 *
 * @param preload the absolute path of `register`
 */
export function start(preload: string): void {
  if (isTool(process.argv[1])) return;
  const handover = takeHandover(preload);
  const config = handover?.config ?? readEnvironment();
  if (!config.enabled || !publishProfiler(createProfiler())) return;

  const exporter = createExporter(config.connectionString, handover?.ring);
  connect(exporter.write, { host: config.host, project: config.project, service: config.service });
  let root: Point | undefined;
  const flush = (): void => exporter.flush(flushTimeoutMs);
  const watch = watchWayOut((out) => {
    if (root !== undefined) stopPoint(root, describeEnd(out));
    flush();
  }, flush);
  lifecycle.onFirst = watch.arm;
  lifecycle.onLast = watch.disarm;
  root = handover === undefined ? startProcess(config) : startThread(handover);

  const settings = createSettings(config, exporter, preload);
  for (const [option, install] of Object.entries(builtins)) {
    if (config[option as OptionName] === true) {
      const guard = createGuard(option);
      guarded(guard, () => install(settings));
    }
  }
  const hookLoaded = hookModules(
    Object.entries(packages)
      .filter(([option]) => config[option as OptionName] === true)
      .map(([, instrumentation]) => instrumentation(settings)),
  );
  lifecycle.onFirst = () => {
    watch.arm();
    hookLoaded();
  };
  // Named imports of ES modules are bindings of their own: they see the patches from here on.
  syncBuiltinESMExports();
}

/**
 * Under NODE_OPTIONS package managers are preloaded too, and our own command is. They are left alone; what
 * they start finds the variables of the context and takes part.
 */
function isTool(script: string | undefined): boolean {
  return (
    script === join(__dirname, 'cli/main.js') ||
    /[\\/](?:npm|npx|yarn|pnpm|corepack|ostrace)(?:-cli)?(?:\.[cm]?js)?$/.test(script ?? '')
  );
}

function readEnvironment(): Config {
  const { config, problems } = readConfig(process.env);
  if (isMainThread) for (const problem of problems) notice(problem);
  return config;
}

/**
 * A process that was started within a trace, or is to be one as a whole, is a point itself: the parent of
 * all that it does outside of a request.
 */
function startProcess(config: Config): Point | undefined {
  if (!isMainThread) return undefined;
  const context = processContext(config);
  if (context === undefined) return undefined;
  const file = process.argv[1] ?? '[code]';
  const point = startPoint('process', context, { process: { file, pid: process.pid } });
  setThreadDefault(point.context, isWhole(config));
  return point;
}

function processContext({ hmacKeys, profile }: Config): Context | undefined {
  const { info, hmac } = contextVariables;
  const keys = profile === undefined ? hmacKeys : [...hmacKeys, profile];
  const signed = verify(process.env[info], process.env[hmac], keys);
  // Used up: what this process starts is told anew, with a point of this process as its parent.
  delete process.env[info];
  delete process.env[hmac];
  if (signed !== undefined) {
    return rootContext(beginTrace(signed.base_id, signed.hmac_key), signed.parent_id);
  }
  if (profile === undefined) return undefined;
  const base_id = newId();
  return rootContext(beginTrace(base_id, profile), base_id);
}

/** Takes what the starting thread left for this one, and with it the traces of how it got here. */
function takeHandover(preload: string): Handover | undefined {
  if (isMainThread) return undefined;
  const handover = getEnvironmentData(handoverKey) as unknown as Handover | undefined;
  if (handover === undefined) return undefined;
  setEnvironmentData(handoverKey, undefined);
  if (process.execArgv[0] === `--require=${preload}`) process.execArgv.shift();
  return handover;
}

function startThread({ config, base_id, parent_id, hmac_key, ring }: Handover): Point {
  const trace = beginTrace(base_id, hmac_key);
  const shared = openRing(ring);
  // A thread of a pool lives on after the request that started it.
  trace.isOver = () => hasTraceEnded(shared);
  const thread = { thread_id: threadId };
  const point = startPoint('thread_main', rootContext(trace, parent_id), { thread });
  setThreadDefault(point.context, isWhole(config));
  return point;
}

/**
 * Whether the process is traced as a whole, its server too. One that a traced request started may go on to
 * serve others for years: none of those requests is part of the one.
 */
function isWhole({ profile }: Config): boolean {
  return profile !== undefined;
}

function describeEnd({ exit_code, signal }: WayOut): Info | undefined {
  return isMainThread ? { process: { exit_code, ...(signal && { signal }) } } : undefined;
}

function createSettings(config: Config, exporter: Exporter, preload: string): Settings {
  return {
    hmacKeys: config.hmacKeys,
    traceSql: config.traceSql,
    traceSqlParams: config.traceSqlParams,
    traceCommandArgs: config.traceCommandArgs,
    carriesTo: destinations(config.propagateTo),
    preload,
    environment: () => process.env,

    processVariables({ trace, id }) {
      const { info, hmac } = signIds(trace.base_id, id, trace.hmac_key);
      return {
        [contextVariables.info]: info,
        [contextVariables.hmac]: hmac,
        // A relative folder means another one where the process starts elsewhere.
        [variableName('connectionString')]: config.connectionString,
      };
    },

    handToThread({ trace, id }) {
      const ring = exporter.handRing();
      trace.onEnd.add(ring.endTrace);
      const handover: Handover = {
        config,
        base_id: trace.base_id,
        parent_id: id,
        hmac_key: trace.hmac_key,
        ring: ring.memory,
      };
      setEnvironmentData(handoverKey, handover);
      return {
        isStarted: () => setEnvironmentData(handoverKey, undefined),
        close() {
          // The listener holds the ring's memory, and a trace may see many threads come and go.
          trace.onEnd.delete(ring.endTrace);
          ring.close();
        },
      };
    },
  };
}
